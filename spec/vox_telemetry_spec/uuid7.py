"""Batch ids: UUID version 7 (RFC 9562 section 5.7): they sort by the time of enqueueing."""

import re
from uuid import UUID

RANDOM_BYTES = 10
_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def uuid7(unix_ms: int, random: bytes) -> str:
    """Return a version 7 UUID of `unix_ms` (48 bit) and 10 random bytes, of which 74 bits count."""
    rand_a = int.from_bytes(random[:2]) & 0x0FFF
    rand_b = int.from_bytes(random[2:RANDOM_BYTES]) & 0x3FFF_FFFF_FFFF_FFFF
    return str(UUID(int=unix_ms << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b))


def is_uuid7(text: str) -> bool:
    """Tell whether `text` is a version 7 UUID in its one canonical, lower-case spelling."""
    return _PATTERN.fullmatch(text) is not None
