"""The signature base of RFC 9421 section 2.5: the exact bytes that are signed and verified."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from vox_telemetry_spec.errors import FieldRefusedError, SignatureRefusedError
from vox_telemetry_spec.limits import COMPONENTS_MAX_COUNT, SIGNATURE_BASE_MAX_BYTES
from vox_telemetry_spec.plain_fields import Component, Params
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.structured_fields import serialise_component, serialise_inner_list
from vox_telemetry_spec.wire import NEVER_COVERED

# RFC 9421 section 2.5 knows ASCII alone; a line break could pretend to be a line of the base.
_VALUE = re.compile(r"[\t -~]*")


class Signable(Protocol):
    """A message whose parts a signature can cover."""

    def value_of(self, component: str, params: Params) -> str | None:
        """Return a component's value, or None where this message has no such component."""


@dataclass(frozen=True)
class SignableRequest:
    """What a signature can cover: derived components and header fields.

    `authority` is lower case without a default port, `path` absolute; `fields` maps lower-case
    names to values as received, trimmed, several lines joined with ", " (RFC 9421 section 2.1).
    """

    method: str
    authority: str
    path: str
    fields: Mapping[str, str]

    def value_of(self, component: str, params: Params) -> str | None:
        """Return a component's value, or None where this request has no such component."""
        if params or component in NEVER_COVERED:
            return None
        if component.startswith("@"):
            return {
                "@method": self.method,
                "@authority": self.authority,
                "@path": self.path,
            }.get(component)
        return self.fields.get(component)


def signature_base(message: Signable, components: Sequence[Component], params: Params) -> bytes:
    """Return the base for `components`, in their order, closed by `@signature-params`.

    Raises:
        SignatureRefusedError: a component twice, with parameters or of a kind that this profile
            does not rebuild, or absent from the message; a value that is not printable ASCII; or
            more of all this than SIGNATURE_BASE_MAX_BYTES.

    """
    if len(components) > COMPONENTS_MAX_COUNT:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_COVERAGE,
            f"got {len(components)} components, expected at most {COMPONENTS_MAX_COUNT}",
        )
    # No component that is taken below has two spellings of its parameters.
    if len({(str(name), *sorted(its)) for name, its in components}) != len(components):
        raise _uncovered()
    lines = [_line(message, name, its) for name, its in components]
    try:
        lines.append(f'"@signature-params": {serialise_inner_list(components, params)}')
    except FieldRefusedError as exc:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED, "a signature parameter cannot be written (RFC 9651)"
        ) from exc
    base = "\n".join(lines).encode("ascii")
    if len(base) > SIGNATURE_BASE_MAX_BYTES:  # what is covered is kept, to be verified again
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_COVERAGE,
            f"the signature covers {len(base)} bytes, expected at most {SIGNATURE_BASE_MAX_BYTES}",
        )
    return base


def _line(message: Signable, name: object, params: Params) -> str:
    value = message.value_of(name, params) if type(name) is str else None
    if value is None:
        raise _uncovered()
    if _VALUE.fullmatch(value) is None:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            "a covered value is not printable ASCII, expected no line break or control",
        )
    return f"{serialise_component(str(name), params)}: {value}"


def _uncovered() -> SignatureRefusedError:
    return SignatureRefusedError(
        ProblemType.SIGNATURE_COVERAGE,
        "the signature covers a component that is repeated, parametrised, absent "
        "or unknown here, expected the components of wire 6.2 (13.1 for a receipt)",
    )
