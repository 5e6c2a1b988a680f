"""Private keys as people bring them: PEM, OpenSSH, JWK. Ed25519 alone; pure.

Nothing here raises from within an except clause: an exception that is being handled would go along
as the context of ours, and the frames it has been through hold the key.
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_ssh_private_key,
)

from vox_telemetry_client.errors import CredentialError, PassphraseNeededError
from vox_telemetry_client.hidden import Hidden
from vox_telemetry_spec.errors import KeyRefusedError
from vox_telemetry_spec.keys import SigningKey

_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_PEM = b"-----BEGIN "
_PUBLIC = (b"-----BEGIN PUBLIC KEY", b"ssh-", b"ecdsa-sha2-", b"sk-ssh-")
_EXPECTED = (
    "expected an Ed25519 private key: PKCS#8 PEM, OpenSSH, or a JWK with kty OKP and crv Ed25519"
)
_ENCRYPTED_OPENSSH = (
    "an OpenSSH key with a passphrase cannot be read here: take the passphrase off a private copy "
    "(ssh-keygen -p) and import that"
)


def read_private_key(
    document: Hidden[bytes], passphrase: Hidden[bytes] | None = None
) -> SigningKey:
    """Return the key that a document holds.

    Raises:
        PassphraseNeededError: it is encrypted, and no passphrase is given.
        CredentialError: it holds no Ed25519 private key, or the passphrase is not its own.

    """
    if _begins(document, *_PUBLIC):
        raise CredentialError(f"this is a public key, {_EXPECTED}")
    if _begins(document, b"{"):
        read = _read_jwk(document)
    elif _begins(document, _PEM):
        read = _read_pem(document, passphrase, ssh=_begins(document, _OPENSSH))
    else:
        read = CredentialError(f"this is no private key, {_EXPECTED}")
    if isinstance(read, CredentialError):
        raise read
    return read


def _begins(document: Hidden[bytes], *words: bytes) -> bool:
    return document.reveal().lstrip().startswith(words)


def _read_jwk(document: Hidden[bytes]) -> SigningKey | CredentialError:
    try:
        return SigningKey.from_private_jwk(document.reveal().decode())
    except (KeyRefusedError, UnicodeDecodeError):
        pass
    return CredentialError(
        f"this JWK is of another kind, lacks 'd', or its halves do not belong together; {_EXPECTED}"
    )


def _read_pem(
    document: Hidden[bytes], passphrase: Hidden[bytes] | None, *, ssh: bool
) -> SigningKey | CredentialError:
    load = load_ssh_private_key if ssh else load_pem_private_key
    given = document.reveal
    trouble: type[Exception] | None = None
    try:
        # A passphrase for a key that has none is refused by the loader, as is none for one.
        key = load(given().lstrip(), None if passphrase is None else passphrase.reveal())
    except (TypeError, ValueError, UnsupportedAlgorithm) as exc:
        trouble = type(exc)
    if trouble is None:
        if isinstance(key, Ed25519PrivateKey):
            return SigningKey(key.private_bytes_raw())
        kind = type(key).__name__.removesuffix("PrivateKey").lstrip("_")
        return CredentialError(f"this is a key of another kind ({kind}), {_EXPECTED}")
    if issubclass(trouble, TypeError) and passphrase is None:
        return PassphraseNeededError("the key is encrypted, expected its passphrase")
    if issubclass(trouble, UnsupportedAlgorithm):
        return CredentialError(_ENCRYPTED_OPENSSH if ssh else f"unknown encoding, {_EXPECTED}")
    if passphrase is not None:
        return CredentialError("the passphrase is not the key's, or the key is damaged")
    return CredentialError(f"the key is damaged, {_EXPECTED}")
