"""What a sink tells of itself to whoever asks (wire 12): no secret, nothing of what it holds."""

import msgspec

_TEXT_MAX_CHARS = 128


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The program and its contract; `time` is the sink's clock, RFC 3339."""

    program: str
    version: str
    contract_version: str
    contract_sha256: str
    time: str


def read_about(body: bytes) -> About | None:
    """Return what an answer's body tells, or None: a login page tells nothing.

    Members that are not known are passed over, so that a later sink may tell more.
    """
    try:
        about = msgspec.json.decode(body, type=About)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    texts = msgspec.structs.astuple(about)
    return about if all(_is_plain(text) for text in texts) else None


def _is_plain(text: str) -> bool:
    """Tell whether a text can be shown: it comes from whatever stands at the URL."""
    return text.isascii() and text.isprintable() and 0 < len(text) <= _TEXT_MAX_CHARS
