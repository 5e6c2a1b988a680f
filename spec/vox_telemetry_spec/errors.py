"""Errors of the contract.

    SpecError
    ├── JsonRefusedError        bytes that are not strict JSON: a pointer and a rule
    ├── ContractRefusedError    a batch or its events break the contract: a list of violations
    ├── RegistryError           the packaged contract files contradict themselves
    ├── KeyRefusedError         bytes or a JWK that are not a usable Ed25519 key
    ├── FieldRefusedError       a header that is no structured field of the expected kind
    ├── SignatureRefusedError   headers that do not carry the signature that the profile asks for
    ├── EnrolmentRefusedError   an enrolment or a one-time code is not what wire 11 asks for
    ├── RowRefusedError         a row that research_metrics does not take
    ├── RetentionRefusedError   a retention policy that cannot be obeyed
    ├── SaltRefusedError        a salt that is too short to hide a value
    └── UrlRefusedError         a URL that telemetry must not be sent to

Messages say what was got and what was expected. None of them ever holds a value of an event, a
one-time code or a private key.
"""

from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.violations import Violation


class SpecError(Exception):
    """Something does not obey the contract."""


class JsonRefusedError(SpecError):
    """The bytes are not strict JSON (wire 5)."""

    def __init__(self, rule: str, pointer: str, reason: str) -> None:
        """`rule` is a `json.*` id, `pointer` the place, `reason` a sentence without the value."""
        super().__init__(f"{rule} at {pointer or 'the top'}: {reason}")
        self.rule = rule
        self.pointer = pointer
        self.reason = reason


class ContractRefusedError(SpecError):
    """A batch breaks the contract; `violations` says where."""

    def __init__(self, violations: list[Violation]) -> None:
        """Keep the violations, in the order of the batch."""
        first = violations[0]
        place = "the batch" if first.event is None else f"event {first.event}"
        super().__init__(
            f"{len(violations)} violation(s), first in {place} "
            f"at {first.pointer or 'the top'}: {first.rule}"
        )
        self.violations = violations


class RegistryError(SpecError):
    """The packaged contract files contradict each other; the installation is damaged."""


class KeyRefusedError(SpecError):
    """Not a usable Ed25519 key."""


class FieldRefusedError(SpecError):
    """A header is no structured field (RFC 9651) of the expected kind."""


class SignatureRefusedError(SpecError):
    """The request does not carry the one signature that wire 6 asks for."""

    def __init__(self, problem: ProblemType, reason: str) -> None:
        """`problem` is the answer that the wire spec gives, `reason` a sentence for the sender."""
        super().__init__(reason)
        self.problem = problem


class EnrolmentRefusedError(SpecError):
    """An enrolment's document, or a one-time code, is not what wire 11 asks for."""

    def __init__(self, problem: ProblemType, reason: str) -> None:
        """`problem` is the answer that the wire spec gives, `reason` never holds the code."""
        super().__init__(reason)
        self.problem = problem


class UrlRefusedError(SpecError):
    """Telemetry must not be sent to this URL."""


class RowRefusedError(SpecError):
    """A row breaks a rule of `research_metrics`; the wording starts as in the original."""

    def __init__(self, reason: str) -> None:
        """`reason` says what was got and expected, without the value."""
        super().__init__(f"telemetry validation: research_metrics: {reason}")


class RetentionRefusedError(SpecError):
    """A retention policy is damaged, unsafe or incomplete."""


class SaltRefusedError(SpecError):
    """A salt is too short for a keyed hash."""
