"""What the uploader remembers between runs, in `state.json`.

When the sink wants to be asked again, and on which batches it failed. Only the holder of the upload
lock writes it. A file that is damaged, no regular file or another program's says nothing: the
uploader then begins anew, and nothing is lost.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from vox_telemetry_client.errors import SpoolError, SpoolFullError, os_words
from vox_telemetry_client.files import is_no_space, read_at_most, replace
from vox_telemetry_client.limits import STATE_MAX_BYTES
from vox_telemetry_spec.limits import RETRY_AFTER_MAX_S
from vox_telemetry_spec.times import format_time, parse_time


class _State(msgspec.Struct, frozen=True, omit_defaults=True):
    earliest_next_attempt: str = ""
    failed_runs: dict[str, int] = {}


def read_earliest(path: Path, now: datetime) -> datetime | None:
    """Return the time before which the sink wants no request, or None.

    A time further ahead than a sink may ask for was written under another clock and says nothing.
    """
    earliest = parse_time(_read(path).earliest_next_attempt)
    if earliest is None or not 0 < (earliest - now).total_seconds() <= RETRY_AFTER_MAX_S:
        return None
    return earliest


def keep_earliest(path: Path, earliest: datetime) -> None:
    """Remember `earliest` over restarts.

    Raises:
        SpoolError: it cannot be written.

    """
    _keep(path, _State(format_time(earliest), _read(path).failed_runs))


def read_failed_runs(path: Path) -> dict[str, int]:
    """Return in how many runs a batch failed alone, by batch id; 0 for one that merely failed."""
    return {one: runs for one, runs in _read(path).failed_runs.items() if runs >= 0}


def keep_failed_runs(path: Path, runs: Mapping[str, int]) -> None:
    """Remember these counts over restarts, in place of those before.

    Raises:
        SpoolError: they cannot be written.

    """
    _keep(path, _State(_read(path).earliest_next_attempt, dict(runs)))


def _read(path: Path) -> _State:
    try:
        return msgspec.json.decode(read_at_most(path, STATE_MAX_BYTES), type=_State)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return _State()


def _keep(path: Path, state: _State) -> None:
    try:
        replace(path, msgspec.json.encode(state))
    except OSError as exc:
        kind = SpoolFullError if is_no_space(exc) else SpoolError
        raise kind(f"{path} cannot be written: {os_words(exc)}") from exc
