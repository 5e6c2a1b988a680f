import pytest

from vox_telemetry_spec.errors import SignatureRefusedError
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest, signature_base
from vox_telemetry_spec.structured_fields import Component, parse_dictionary, serialise_bytes

# RFC 9421 appendix B.2 (the request), B.1.4 (test-key-ed25519) and B.2.6 (the signature).
REQUEST = SignableRequest(
    "POST",
    "example.com",
    "/foo",
    {
        "host": "example.com",
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-length": "18",
    },
)
PRIVATE_JWK = """{"kty":"OKP","crv":"Ed25519","kid":"test-key-ed25519",
 "d":"n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
 "x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}"""
SIGNATURE_INPUT = (
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"'
)
BASE = b"""\
"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")\
;created=1618884473;keyid="test-key-ed25519\""""
SIGNATURE = (
    ":wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
)


def test_rebuilds_rfc_9421_b_2_6_byte_for_byte() -> None:
    components, params = parse_dictionary("Signature-Input", SIGNATURE_INPUT)["sig-b26"]
    assert isinstance(components, list)
    base = signature_base(REQUEST, components, params)
    assert base == BASE
    key = SigningKey.from_private_jwk(PRIVATE_JWK)
    assert serialise_bytes(key.sign(base)) == SIGNATURE


def test_an_empty_value_and_an_inner_tab_are_signed_as_they_stand() -> None:
    # RFC 9421 section 2.1: "x-empty-header: " has a line with an empty value.
    request = SignableRequest("POST", "h", "/", {"empty": "", "tab": "a\tb"})
    components: list[Component] = [("empty", {}), ("tab", {})]
    assert signature_base(request, components, {}) == (
        b'"empty": \n"tab": a\tb\n"@signature-params": ("empty" "tab")'
    )


def test_parameters_keep_their_order_and_type() -> None:
    components, params = parse_dictionary("X", 'a=();b;created=1;nonce="\\"";t=tok;d=1.50')["a"]
    assert isinstance(components, list)
    assert signature_base(REQUEST, components, params) == (
        b'"@signature-params": ();b;created=1;nonce="\\"";t=tok;d=1.5'
    )


@pytest.mark.parametrize(
    "inner_list",
    [
        '("date" "date")',
        '("absent")',
        '("Date")',
        '("@query")',
        '("@target-uri")',
        '("@signature-params")',
        '("@request-target")',
        '("@status")',
        '("")',
        '("content-type";sf)',
        '("content-type";req)',
        '("content-type";bs)',
        '("content-type";tr)',
        '("content-type";key="a")',
        '("@method";req)',
        "(date)",
        "(:ZGF0ZQ==:)",
        '(%"date")',
        "(1)",
    ],
)
def test_components_that_this_profile_does_not_rebuild_are_refused(inner_list: str) -> None:
    components, params = parse_dictionary("X", f"a={inner_list}")["a"]
    assert isinstance(components, list)
    with pytest.raises(SignatureRefusedError, match="repeated, parametrised, absent") as caught:
        signature_base(REQUEST, components, params)
    assert caught.value.problem is ProblemType.SIGNATURE_COVERAGE


def test_sixteen_components_are_enough() -> None:
    fields = {f"f{i}": "v" for i in range(17)}
    request = SignableRequest("POST", "h", "/", fields)
    components: list[Component] = [(name, {}) for name in fields]
    assert signature_base(request, components[:16], {}).count(b"\n") == 16
    with pytest.raises(SignatureRefusedError, match="got 17 components, expected at most 16"):
        signature_base(request, components, {})


@pytest.mark.parametrize(
    "value", ['x\n"@method": GET', "x\r", "x\x00", "x\x1b", "x\x7f", "x\x85", "caf\u00e9", "\u2028"]
)
def test_values_that_are_not_printable_ascii_are_refused(value: str) -> None:
    requests = [
        SignableRequest("POST", "h", "/", {"f": value}),
        SignableRequest("POST", "h", value, {"f": "v"}),
    ]
    for request in requests:
        with pytest.raises(SignatureRefusedError, match="not printable ASCII") as caught:
            signature_base(request, [("f", {}), ("@path", {})], {})
        assert caught.value.problem is ProblemType.SIGNATURE_MALFORMED


def test_a_parameter_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(SignatureRefusedError, match="cannot be written"):
        signature_base(REQUEST, [], {"nonce": "caf\u00e9"})
