"""The two signature fields of RFC 9421 section 4, as any profile of ours reads and writes them."""

from collections.abc import Mapping, Sequence

from vox_telemetry_spec.errors import FieldRefusedError, SignatureRefusedError
from vox_telemetry_spec.plain_fields import Component, Params
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.structured_fields import (
    parse_dictionary,
    serialise_bytes,
    serialise_inner_list,
)
from vox_telemetry_spec.wire import SIGNATURE_ALGORITHM, SIGNATURE_LABEL


def written_fields(
    components: Sequence[Component], params: Params, signature: bytes
) -> dict[str, str]:
    """Return the `signature-input` and `signature` fields, under our label."""
    return {
        "signature-input": f"{SIGNATURE_LABEL}={serialise_inner_list(components, params)}",
        "signature": f"{SIGNATURE_LABEL}={serialise_bytes(signature)}",
    }


def signature_member(header: str | None, tag: str) -> tuple[str, list[Component], Params]:
    """Return label, components and parameters of the one signature with `tag`.

    Raises:
        SignatureRefusedError: none, more than one, or a header that cannot be read.

    """
    return _ours(_dictionary("Signature-Input", header), tag)


def check_algorithm(params: Params) -> None:
    """Check that `alg` is the profile's.

    Raises:
        SignatureRefusedError: it is not.

    """
    if not _is_string(params.get("alg"), SIGNATURE_ALGORITHM):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_ALGORITHM, 'alg is not ed25519, expected alg="ed25519"'
        )


def presented_bytes(header: str | None, label: str) -> bytes:
    """Return the signature under a label of Signature.

    Raises:
        SignatureRefusedError: there is no byte sequence under it.

    """
    presented, _ = _dictionary("Signature", header).get(label, (None, {}))
    if not isinstance(presented, bytes):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            "Signature has no byte sequence under the label of Signature-Input",
        )
    return presented


def key_id_of(params: Params) -> str:
    """Return `keyid`.

    Raises:
        SignatureRefusedError: it is no string.

    """
    key_id = params.get("keyid")
    if type(key_id) is not str:
        raise SignatureRefusedError(ProblemType.SIGNATURE_MALFORMED, "keyid is no string")
    return key_id


def seconds_of(name: str, value: object) -> int:
    """Return a parameter's time.

    Raises:
        SignatureRefusedError: it is no integer.

    """
    if type(value) is not int:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            f"{name} is no integer, expected seconds (RFC 9421 2.3)",
        )
    return value


def _dictionary(name: str, header: str | None) -> dict[str, tuple[object, Params]]:
    if header is None:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MISSING, f"got no {name} header, expected one (RFC 9421)"
        )
    try:
        return parse_dictionary(name, header)
    except FieldRefusedError as exc:
        raise SignatureRefusedError(ProblemType.SIGNATURE_MALFORMED, str(exc)) from exc


def _ours(
    members: Mapping[str, tuple[object, Params]], tag: str
) -> tuple[str, list[Component], Params]:
    found = [
        (label, components, params)
        for label, (components, params) in members.items()
        if _is_string(params.get("tag"), tag)
    ]
    if not found:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MISSING, f"got no signature with the tag {tag}"
        )
    if len(found) > 1:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_AMBIGUOUS,
            f"got {len(found)} signatures with the tag {tag}, expected one",
        )
    label, components, params = found[0]
    if not isinstance(components, list):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED, "Signature-Input holds no list of components"
        )
    return label, components, params


def _is_string(value: object, expected: str) -> bool:
    """Tell the string (RFC 9421 section 2.3) from a token, which compares equal to it."""
    return type(value) is str and value == expected
