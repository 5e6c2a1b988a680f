import base64
import hashlib

import pytest

from vox_telemetry_spec.digest import check_content_digest, content_digest
from vox_telemetry_spec.errors import SignatureRefusedError
from vox_telemetry_spec.problems import ProblemType

HELLO = b'{"hello": "world"}\n'
RFC_9530_HELLO = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
HELLO_NO_NEWLINE = b'{"hello": "world"}'
RFC_9530_HELLO_NO_NEWLINE = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
EMPTY = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
SHA_512 = "sha-512=:" + base64.b64encode(hashlib.sha512(HELLO).digest()).decode() + ":"
EXAMPLES = [(HELLO, RFC_9530_HELLO), (HELLO_NO_NEWLINE, RFC_9530_HELLO_NO_NEWLINE), (b"", EMPTY)]


@pytest.mark.parametrize(("body", "header"), EXAMPLES)
def test_writes_the_digests_of_rfc_9530(body: bytes, header: str) -> None:
    assert content_digest(body) == header
    check_content_digest(header, body)


@pytest.mark.parametrize(
    "header",
    [f"{SHA_512}, {RFC_9530_HELLO}", f"{RFC_9530_HELLO},{SHA_512}", RFC_9530_HELLO + ";a=1"],
)
def test_other_algorithms_beside_sha_256_are_ignored(header: str) -> None:
    check_content_digest(header, HELLO)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        SHA_512,
        "SHA-256" + RFC_9530_HELLO[7:],
        RFC_9530_HELLO + ", " + RFC_9530_HELLO,
        f"{RFC_9530_HELLO}, {EMPTY}",
        "sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
        "sha-256=:not base64:",
        "sha-256=:\u00e9:",
        RFC_9530_HELLO + ",",
    ],
)
def test_a_header_without_one_readable_sha_256_is_refused(header: str | None) -> None:
    with pytest.raises(SignatureRefusedError, match="no sha-256 member") as caught:
        check_content_digest(header, HELLO)
    assert caught.value.problem is ProblemType.CONTENT_DIGEST_MISSING


@pytest.mark.parametrize(
    "header",
    [
        EMPTY,
        RFC_9530_HELLO_NO_NEWLINE,
        "sha-256",  # a boolean
        'sha-256="RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="',
        "sha-256=(:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:)",
        "sha-256=::",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lQ==:",
    ],
)
def test_a_digest_of_other_bytes_is_refused(header: str) -> None:
    with pytest.raises(SignatureRefusedError, match="SHA-256 is not the one") as caught:
        check_content_digest(header, HELLO)
    assert caught.value.problem is ProblemType.CONTENT_DIGEST_MISMATCH
