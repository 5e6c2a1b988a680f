"""Undo the content coding within caps; the only file that imports zstd.

Counted while unpacking: a bomb is cut at DECODED_BODY_MAX_BYTES, whatever its header says.
No ratio cap on purpose: the largest body is 1 MiB and what it may become 4 MiB, so that the
absolute caps bound the work already.
"""

import sys
import zlib
from typing import Protocol

from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.verify import Verified
from vox_telemetry_spec.limits import DECODED_BODY_MAX_BYTES, ZSTD_WINDOW_MAX_BYTES
from vox_telemetry_spec.problems import ProblemType

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_GZIP_ONLY = 16 + zlib.MAX_WBITS  # zlib: refuse zlib and raw deflate streams
_ZSTD_OPTIONS: dict[int, int] = {
    zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_MAX_BYTES.bit_length() - 1
}


def unpack(verified: Verified) -> bytes:
    """Return the payload in a verified body.

    Raises:
        RefusalError: it is not what its coding promises, or ends early, or goes on after its end
            (400), or grows over the limit (413).

    """
    return unpack_body(verified.received.coding, verified.received.coded_body)


def unpack_small(verified: Verified, max_bytes: int) -> bytes | None:
    """Return the payload, or None where it has more bytes: no more of it was unpacked then.

    Raises:
        RefusalError: as `unpack`, for what was read of it.

    """
    return _unpacked(verified.received.coding, verified.received.coded_body, max_bytes)


def unpack_body(coding: str | None, body: bytes) -> bytes:
    """Return the payload in a body of that coding.

    Raises:
        RefusalError: as `unpack`.

    """
    payload = _unpacked(coding, body, DECODED_BODY_MAX_BYTES)
    if payload is None:
        raise RefusalError(
            ProblemType.BODY_TOO_LARGE,
            f"the unpacked body has more than {DECODED_BODY_MAX_BYTES} bytes, "
            "expected at most that: split it",
        )
    return payload


def _unpacked(coding: str | None, body: bytes, max_bytes: int) -> bytes | None:
    match coding:
        case "gzip":
            return _undo(zlib.decompressobj(_GZIP_ONLY), "gzip", body, max_bytes)
        case "zstd":
            return _undo(zstd.ZstdDecompressor(options=_ZSTD_OPTIONS), "zstd", body, max_bytes)
        case _:
            return body if len(body) <= max_bytes else None


class _Unpacker(Protocol):
    """What zlib and zstd have in common."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


def _undo(unpacker: _Unpacker, coding: str, body: bytes, max_bytes: int) -> bytes | None:
    try:
        payload = unpacker.decompress(body, max_bytes + 1)
    except (zlib.error, zstd.ZstdError) as exc:
        raise _malformed(coding) from exc
    if len(payload) > max_bytes:
        return None
    # More gzip members (RFC 1952) or zstd frames may follow one; one payload has one, and what
    # follows would go unread.
    if not unpacker.eof:
        raise _truncated(coding)
    if unpacker.unused_data:
        raise _malformed(coding)
    return payload


def _malformed(coding: str) -> RefusalError:
    return RefusalError(
        ProblemType.BODY_MALFORMED,
        f"the body is not one {coding} stream, expected one with nothing after it"
        + (f" and a window of at most {ZSTD_WINDOW_MAX_BYTES} bytes" if coding == "zstd" else ""),
    )


def _truncated(coding: str) -> RefusalError:
    return RefusalError(ProblemType.BODY_TRUNCATED, f"the {coding} stream in the body ends early")
