import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vox_telemetry_spec.errors import KeyRefusedError
from vox_telemetry_spec.keys import PublicKey, SigningKey, encode_base64url

# RFC 8032 section 7.1: secret key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
# RFC 8037 appendix A.1 and A.3.
RFC_8037_D = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
RFC_8037_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
RFC_8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
PUBLIC = {"kty": "OKP", "crv": "Ed25519", "x": RFC_8037_X}

# "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020), table 1: small order.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
]
SMALL_ORDER_NOT_CANONICAL = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def _jwk(**changes: object) -> bytes:
    return json.dumps(PUBLIC | changes).encode()


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_signs_and_verifies_as_rfc_8032(
    secret: str, public: str, message: str, signature: str
) -> None:
    key = SigningKey(bytes.fromhex(secret))
    assert key.public.raw.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert key.public.verifies(bytes.fromhex(signature), bytes.fromhex(message))


def test_any_flipped_bit_of_a_signature_fails() -> None:
    _, public, message, signature = RFC_8032[2]
    key, raw = PublicKey(bytes.fromhex(public)), bytes.fromhex(signature)
    flipped = [
        raw[:i] + bytes([raw[i] ^ 1 << bit]) + raw[i + 1 :] for i in range(64) for bit in range(8)
    ]
    assert not any(key.verifies(wrong, bytes.fromhex(message)) for wrong in flipped)
    assert not key.verifies(raw, bytes.fromhex(message) + b"\x00")


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_a_signature_of_another_length_fails_quietly(length: int) -> None:
    assert not PublicKey(bytes.fromhex(RFC_8032[0][1])).verifies(bytes(length), b"")


def test_a_signature_with_s_beyond_the_group_order_fails() -> None:
    # RFC 8032 section 5.1.7: S + L would verify too if S were not checked (malleability).
    _, public, message, signature = RFC_8032[1]
    raw = bytes.fromhex(signature)
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(raw[32:], "little") + order
    twin = raw[:32] + s.to_bytes(32, "little")
    assert not PublicKey(bytes.fromhex(public)).verifies(twin, bytes.fromhex(message))


def test_the_key_id_is_the_thumbprint_of_rfc_8037() -> None:
    key = PublicKey.from_jwk(_jwk(kid="ignored", use="sig"))
    assert key.key_id == RFC_8037_THUMBPRINT
    assert key.jwk == PUBLIC
    assert list(key.jwk) == ["crv", "kty", "x"]  # RFC 7638 section 3.3: in this order


def test_the_private_jwk_reads_back() -> None:
    written = SigningKey(bytes.fromhex(RFC_8032[0][0])).private_jwk()
    assert json.loads(written) == PUBLIC | {"d": RFC_8037_D}
    assert SigningKey.from_private_jwk(written).public.key_id == RFC_8037_THUMBPRINT


def test_a_signing_key_shows_its_id_and_no_secret() -> None:
    key = SigningKey(bytes.fromhex(RFC_8032[0][0]))
    for shown in (repr(key), str(key), f"{key}", repr([key])):
        assert RFC_8037_THUMBPRINT in shown
        assert RFC_8037_D not in shown
        assert RFC_8032[0][0] not in shown


@pytest.mark.parametrize("encoded", SMALL_ORDER)
def test_points_of_small_order_are_refused(encoded: str) -> None:
    with pytest.raises(KeyRefusedError, match="small order"):
        PublicKey(bytes.fromhex(encoded))


@pytest.mark.parametrize("encoded", SMALL_ORDER_NOT_CANONICAL)
def test_other_spellings_of_points_of_small_order_are_refused(encoded: str) -> None:
    with pytest.raises(KeyRefusedError, match="small order"):
        PublicKey(bytes.fromhex(encoded))


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", range(2, 19))
def test_every_other_encoding_that_is_not_canonical_is_refused(y: int, sign: int) -> None:
    raw = (y + 2**255 - 19 | sign << 255).to_bytes(32, "little")
    with pytest.raises(KeyRefusedError, match="one canonical encoding"):
        PublicKey(raw)


@pytest.mark.parametrize("seed", [bytes([n]) * 32 for n in range(0, 256, 15)])
def test_real_keys_are_accepted(seed: bytes) -> None:
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert PublicKey(raw).raw == raw


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(KeyRefusedError, match=f"public key has {length} bytes, expected 32"):
        PublicKey(bytes(length))
    with pytest.raises(KeyRefusedError, match=f"private key has {length} bytes, expected 32"):
        SigningKey(bytes(length))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not a JWK"),
        (b"[]", "not a JWK"),
        (b'{"kty":"OKP"}', "not a JWK"),
        (b'{"kty":"OKP\xff"}', "not a JWK"),
        (_jwk(x=7), "not a JWK"),
        (_jwk()[:-1] + b',"z":' + b"[" * 100_000, "not a JWK"),
        (_jwk(kty="EC"), "expected kty OKP"),
        (_jwk(crv="X25519"), "crv Ed25519"),
        (_jwk(d=RFC_8037_D), "holds a private key"),
        (_jwk(x=RFC_8037_X + "="), "'x' is not 43 characters"),
        (_jwk(x=RFC_8037_X[:-1]), "'x' is not 43 characters"),
        (_jwk(x="+" + RFC_8037_X[1:]), "'x' is not 43 characters"),
        (_jwk(x=RFC_8037_X + "\n"), "'x' is not 43 characters"),
        (_jwk(x=RFC_8037_X[:-1] + "p"), "one canonical base64url form"),
    ],
)
def test_jwks_that_are_no_public_key_are_refused(document: bytes, reason: str) -> None:
    with pytest.raises(KeyRefusedError, match=reason) as caught:
        PublicKey.from_jwk(document)
    assert RFC_8037_D not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "not a JWK"),
        ("\ud800", "not a JWK"),
        ('{"a":' * 100_000, "not a JWK"),
        (_jwk().decode(), "not a private Ed25519 JWK"),
        (_jwk(d=RFC_8037_D, kty="EC").decode(), "not a private Ed25519 JWK"),
        (_jwk(d=RFC_8037_D[:-1]).decode(), "'d' is not 43 characters"),
        (_jwk(d="A" * 43).decode(), "do not belong together"),
    ],
)
def test_stored_keys_that_are_damaged_are_refused_without_showing_them(
    document: str, reason: str
) -> None:
    with pytest.raises(KeyRefusedError, match=reason) as caught:
        SigningKey.from_private_jwk(document)
    assert RFC_8037_D[:-1] not in str(caught.value)


def test_base64url_has_no_padding() -> None:
    # RFC 7515 appendix C.
    assert encode_base64url(bytes([3, 236, 255, 224, 193])) == "A-z_4ME"
