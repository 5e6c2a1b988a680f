"""What the uploader remembers between runs: when the sink wants to be asked again."""

from datetime import datetime
from pathlib import Path

import msgspec

from vox_telemetry_client.errors import SpoolError, SpoolFullError
from vox_telemetry_client.files import is_no_space, replace
from vox_telemetry_spec.limits import RETRY_AFTER_MAX_S
from vox_telemetry_spec.times import format_time, parse_time


class _State(msgspec.Struct, frozen=True):
    earliest_next_attempt: str


def read_earliest(path: Path, now: datetime) -> datetime | None:
    """Return the time before which the sink wants no request, or None.

    A damaged file says nothing. A time further ahead than a sink may ask for was written under
    another clock and says nothing either.
    """
    try:
        state = msgspec.json.decode(path.read_bytes(), type=_State)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    earliest = parse_time(state.earliest_next_attempt)
    if earliest is None or not 0 < (earliest - now).total_seconds() <= RETRY_AFTER_MAX_S:
        return None
    return earliest


def keep_earliest(path: Path, earliest: datetime) -> None:
    """Remember `earliest` over restarts.

    Raises:
        SpoolError: it cannot be written.

    """
    try:
        replace(path, msgspec.json.encode(_State(format_time(earliest))))
    except OSError as exc:
        kind = SpoolFullError if is_no_space(exc) else SpoolError
        raise kind(f"{path} cannot be written: {exc.strerror}") from exc
