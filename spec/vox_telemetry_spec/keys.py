"""Ed25519 keys as JWKs (RFC 8037) and their ids (RFC 7638). The secret never shows in a repr."""

import base64
import hashlib
import re
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vox_telemetry_spec.errors import KeyRefusedError

KEY_BYTES = 32
_BASE64URL_32 = re.compile(r"[A-Za-z0-9_-]{43}")

# y-coordinates of the eight points of small order on edwards25519, little-endian. With such a key
# one signature verifies for many messages; RFC 8032 section 5.1.7 leaves the check to us. Both
# signs of x and the non-canonical twins (y >= p) are covered by comparing y alone, modulo p.
_P = 2**255 - 19
_Y_MASK = 2**255 - 1
_SMALL_ORDER_Y = frozenset(
    int.from_bytes(bytes.fromhex(y), "little")
    for y in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)


class _PublicJwk(msgspec.Struct, frozen=True):
    kty: str
    crv: str
    x: str
    d: str | None = None


class PublicKey:
    """A public key and its id."""

    def __init__(self, raw: bytes) -> None:
        """Take the 32 bytes of RFC 8032.

        Raises:
            KeyRefusedError: not 32 bytes, not in canonical form, or of small order.

        """
        if len(raw) != KEY_BYTES:
            raise KeyRefusedError(f"the public key has {len(raw)} bytes, expected {KEY_BYTES}")
        y = int.from_bytes(raw, "little") & _Y_MASK
        if y % _P in _SMALL_ORDER_Y:
            raise KeyRefusedError("the public key is a point of small order, expected a real key")
        if y >= _P:  # RFC 8032 section 5.1.3; a second spelling would be a second key id
            raise KeyRefusedError("the public key is not in its one canonical encoding (RFC 8032)")
        self.raw = raw
        # The RFC 7638 thumbprint with SHA-256, 43 base64url characters.
        self.key_id = encode_base64url(hashlib.sha256(msgspec.json.encode(self.jwk)).digest())
        self._key = Ed25519PublicKey.from_public_bytes(raw)

    @classmethod
    def from_jwk(cls, document: bytes) -> Self:
        """Read a public JWK.

        Raises:
            KeyRefusedError: not an Ed25519 JWK, or one that holds a private key.

        """
        try:
            jwk = msgspec.json.decode(document, type=_PublicJwk)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise KeyRefusedError(
                'not a JWK, expected {"kty":"OKP","crv":"Ed25519","x":…}'
            ) from exc
        if jwk.d is not None:
            raise KeyRefusedError(
                "the JWK holds a private key ('d'), expected the public one: "
                "it has left its keyring, generate a new key"
            )
        if (jwk.kty, jwk.crv) != ("OKP", "Ed25519"):
            raise KeyRefusedError("the JWK is of another kind, expected kty OKP and crv Ed25519")
        return cls(_decode_32(jwk.x, "x"))

    @property
    def jwk(self) -> dict[str, str]:
        """The public JWK (RFC 8037 section 2), in the member order of RFC 7638 section 3."""
        return {"crv": "Ed25519", "kty": "OKP", "x": encode_base64url(self.raw)}

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Tell whether `signature` is this key's over `message` (RFC 8032 section 5.1.7)."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A private key that signs and never shows itself."""

    def __init__(self, seed: bytes) -> None:
        """Take the 32 secret bytes of RFC 8032 section 5.1.5.

        Raises:
            KeyRefusedError: not 32 bytes.

        """
        if len(seed) != KEY_BYTES:
            raise KeyRefusedError(f"the private key has {len(seed)} bytes, expected {KEY_BYTES}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(self._key.public_key().public_bytes_raw())

    @classmethod
    def from_private_jwk(cls, document: str) -> Self:
        """Read what `private_jwk` wrote.

        Raises:
            KeyRefusedError: not a private Ed25519 JWK, or its halves do not belong together.

        """
        try:
            jwk = msgspec.json.decode(document.encode(), type=_PublicJwk)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as exc:
            raise KeyRefusedError("the stored key is not a JWK, expected a private one") from exc
        if (jwk.kty, jwk.crv) != ("OKP", "Ed25519") or jwk.d is None:
            raise KeyRefusedError("the stored key is not a private Ed25519 JWK")
        key = cls(_decode_32(jwk.d, "d"))
        if key.public.jwk["x"] != jwk.x:
            raise KeyRefusedError("the stored key's halves 'd' and 'x' do not belong together")
        return key

    def private_jwk(self) -> str:
        """Return the private JWK (RFC 8037 section 2) for a keyring, and for nothing else."""
        return msgspec.json.encode(
            {**self.public.jwk, "d": encode_base64url(self._key.private_bytes_raw())}
        ).decode()

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of RFC 8032 section 5.1.6."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        """Name the public half only."""
        return f"SigningKey(key_id={self.public.key_id!r})"


def encode_base64url(raw: bytes) -> str:
    """Return base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode_32(text: str, member: str) -> bytes:
    if _BASE64URL_32.fullmatch(text) is None:
        raise KeyRefusedError(f"the JWK's '{member}' is not 43 characters of base64url")
    raw = base64.urlsafe_b64decode(text + "=")  # 44 characters of the alphabet always decode
    if encode_base64url(raw) != text:
        raise KeyRefusedError(f"the JWK's '{member}' is not in its one canonical base64url form")
    return raw
