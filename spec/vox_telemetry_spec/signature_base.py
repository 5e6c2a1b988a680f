"""The signature base of RFC 9421 section 2.5: the exact bytes that are signed and verified."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vox_telemetry_spec.errors import FieldRefusedError, SignatureRefusedError
from vox_telemetry_spec.limits import COMPONENTS_MAX_COUNT
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.structured_fields import Component, Params, serialise_inner_list

# RFC 9421 section 2.5 knows ASCII alone; a line break could pretend to be a line of the base.
_VALUE = re.compile(r"[\t -~]*")


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

    def value_of(self, component: str) -> str | None:
        """Return a component's value, or None where this request has no such component."""
        if component.startswith("@"):
            return {
                "@method": self.method,
                "@authority": self.authority,
                "@path": self.path,
            }.get(component)
        return self.fields.get(component)


def signature_base(
    request: SignableRequest, components: Sequence[Component], params: Params
) -> bytes:
    """Return the base for `components`, in their order, closed by `@signature-params`.

    Raises:
        SignatureRefusedError: a component twice, with parameters, of a kind that this profile does
            not rebuild, or absent from the request; or a value that is not printable ASCII.

    """
    if len(components) > COMPONENTS_MAX_COUNT:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_COVERAGE,
            f"got {len(components)} components, expected at most {COMPONENTS_MAX_COUNT}",
        )
    names = [name for name, component_params in components if not component_params]
    if len(set(map(str, names))) != len(components):
        raise _uncovered()
    lines = [_line(request, name) for name in names]
    try:
        lines.append(f'"@signature-params": {serialise_inner_list(components, params)}')
    except FieldRefusedError as exc:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED, "a signature parameter cannot be written (RFC 9651)"
        ) from exc
    return "\n".join(lines).encode("ascii")


def _line(request: SignableRequest, name: object) -> str:
    value = request.value_of(name) if type(name) is str else None
    if value is None:
        raise _uncovered()
    if _VALUE.fullmatch(value) is None:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            "a covered value is not printable ASCII, expected no line break or control",
        )
    return f'"{name}": {value}'


def _uncovered() -> SignatureRefusedError:
    return SignatureRefusedError(
        ProblemType.SIGNATURE_COVERAGE,
        "the signature covers a component that is repeated, parametrised, absent "
        "or unknown here, expected the components of wire 6.2",
    )
