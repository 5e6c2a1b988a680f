"""Keys as OpenSSL, OpenSSH and others write them; expected values are those of RFC 8037."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from support.hiding import assert_hidden
from vox_telemetry_client.errors import CredentialError, PassphraseNeededError
from vox_telemetry_client.hidden import Hidden
from vox_telemetry_client.key_formats import read_private_key

WRITTEN = Path(__file__).parents[1] / "data" / "keys"  # by OpenSSH 9.2, for these tests alone
# RFC 8037 appendix A.1 and A.3.
JWK = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
KEY_ID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
# The same key as RFC 8410 section 7 has it: 16 fixed bytes, then the seed.
PEM = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n"
RFC_8410 = PEM.format("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g")


def _pem(
    key: object,
    encryption: KeySerializationEncryption | None = None,
    form: PrivateFormat = PrivateFormat.PKCS8,
) -> bytes:
    return key.private_bytes(  # type: ignore[attr-defined,no-any-return]
        Encoding.PEM, form, encryption or NoEncryption()
    )


@pytest.mark.parametrize(
    "document",
    [
        RFC_8410.encode(),
        b"\n  " + RFC_8410.replace("\n", "\r\n").encode(),
        _pem(KEY, form=PrivateFormat.OpenSSH),
        json.dumps(JWK).encode(),
        json.dumps(JWK | {"kid": "mine", "use": "sig", "key_ops": ["sign"]}).encode(),
    ],
    ids=["pkcs8", "pkcs8-of-windows", "openssh", "jwk", "jwk-with-more"],
)
def test_a_key_is_read_in_every_format(document: bytes) -> None:
    assert read_private_key(Hidden(document)).public.key_id == KEY_ID


def test_a_key_that_ssh_keygen_wrote_is_read() -> None:
    key = read_private_key(Hidden((WRITTEN / "openssh-plain.txt").read_bytes()))
    blob = base64.b64decode((WRITTEN / "openssh-plain.pub").read_text().split()[1])
    assert key.public.raw == blob[-32:]  # RFC 8709 section 4: the point comes last


def test_an_encrypted_pem_asks_for_its_passphrase_and_takes_no_other() -> None:
    document = Hidden(_pem(KEY, BestAvailableEncryption(b"correct horse")))
    with pytest.raises(PassphraseNeededError, match="encrypted, expected its passphrase"):
        read_private_key(document)
    key = read_private_key(document, Hidden(b"correct horse"))
    assert key.public.key_id == KEY_ID
    with pytest.raises(CredentialError, match="the passphrase is not the key's") as caught:
        read_private_key(document, Hidden(b"battery staple"))
    assert "battery" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "match"),
    [
        (_pem(rsa.generate_private_key(65_537, 2_048)), r"of another kind \(RSA\), expected an Ed"),
        (_pem(ec.generate_private_key(ec.SECP256R1())), "of another kind"),
        (_pem(ed448.Ed448PrivateKey.generate()), r"of another kind \(Ed448\)"),
        (_pem(x25519.X25519PrivateKey.generate()), r"of another kind \(X25519\)"),
        (
            _pem(ec.generate_private_key(ec.SECP256R1()), form=PrivateFormat.OpenSSH),
            "of another kind",
        ),
        (
            KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "this is a public key, expected an Ed25519 private key: PKCS#8 PEM, OpenSSH, or a JWK",
        ),
        (
            KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
            "this is a public key",
        ),
        (json.dumps({**JWK, "d": None}).encode(), "this JWK is of another kind, lacks 'd'"),
        (json.dumps(JWK | {"crv": "X25519"}).encode(), "this JWK is of another kind"),
        (json.dumps(JWK | {"x": "A" * 43}).encode(), "or its halves do not belong together"),
        (b"{", "this JWK is of another kind"),
        (b"", "this is no private key, expected"),
        (b"\xff\xfe", "this is no private key"),
        (PEM.format("AAAA").encode(), "the key is damaged"),
        (_pem(KEY, form=PrivateFormat.OpenSSH)[:-60], "the key is damaged"),
    ],
)
def test_anything_else_is_refused_with_a_clear_line(document: bytes, match: str) -> None:
    with pytest.raises(CredentialError, match=match):
        read_private_key(Hidden(document))


def test_an_openssh_key_with_a_passphrase_is_read_or_says_what_to_do() -> None:
    document = Hidden((WRITTEN / "openssh-encrypted.txt").read_bytes())
    with pytest.raises(CredentialError, match=r"ssh-keygen -p|expected its passphrase"):
        read_private_key(document)
    # Whether it can be read depends on a library that is not ours to choose: bcrypt.
    with pytest.raises(CredentialError, match=r"ssh-keygen -p|the passphrase is not the key's"):
        read_private_key(document, Hidden(b"battery staple"))


@pytest.mark.parametrize(
    "document",
    [
        json.dumps(JWK | {"x": "A" * 43}).encode(),
        json.dumps(JWK | {"crv": "X25519"}).encode(),
        f"{json.dumps(JWK)}}}".encode(),
        RFC_8410.replace("MC4CAQAw", "MC4CAQAx").encode(),
        _pem(KEY, form=PrivateFormat.OpenSSH).replace(b"END OPENSSH", b"END"),
    ],
)
def test_a_refused_key_leaves_nothing_for_a_traceback_with_locals(document: bytes) -> None:
    hidden = Hidden(document)
    with pytest.raises(CredentialError) as caught:
        read_private_key(hidden)
    assert_hidden(caught.value, JWK["d"])
