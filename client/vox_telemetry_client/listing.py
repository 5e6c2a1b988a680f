"""What lies in a room of the spool, in a memory that does not grow with it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from vox_telemetry_client.folder import entries, is_batch_file, size_bytes
from vox_telemetry_client.foreign import printable
from vox_telemetry_client.limits import WINDOW_BATCHES
from vox_telemetry_client.some import Some
from vox_telemetry_client.tally import Sums
from vox_telemetry_client.unapproved import shape_trouble

_MS_DIGITS = 12
_FIRST_DIGITS = 8


@dataclass
class Listing:
    """The batches by id, the oldest first; `old` and `earlier` count those before two times."""

    batches: Some = field(default_factory=Some)
    foreign: Some = field(default_factory=Some)
    foreign_bytes: int = 0
    damaged: Some = field(default_factory=Some)  # no batch by kind or size, and why
    old: int = 0
    earlier: int = 0
    sums: Sums = field(default_factory=Sums)


def scan(room: Path, *, old_before_s: float = 0.0, earlier_than_s: float = 0.0) -> Listing:
    """List a room; both times are in seconds since 1970. Of the batches no file is asked for.

    Raises:
        SpoolError: it cannot be read.

    """
    found = Listing()
    found.batches = Some.of(_ids(room, found, id_at(old_before_s), id_at(earlier_than_s)))
    return found


def id_at(unix_s: float) -> str:
    """Return what the ids of all batches made before that time sort before (RFC 9562 5.7)."""
    digits = f"{max(0, int(unix_s * 1_000)):0{_MS_DIGITS}x}"
    return f"{digits[:_FIRST_DIGITS]}-{digits[_FIRST_DIGITS:]}"


def _ids(room: Path, found: Listing, old_before: str, earlier_than: str) -> Iterator[str]:
    for entry in entries(room):
        name = entry.name
        if not is_batch_file(name):
            found.foreign.add(printable(name))
            found.foreign_bytes += size_bytes(entry)
            continue
        if found.sums.batches < WINDOW_BATCHES or not entry.is_file(follow_symlinks=False):
            _look_at(entry, found)
        batch_id = name[:-5]
        if batch_id < old_before:
            found.old += 1
        if batch_id < earlier_than:
            found.earlier += 1
        found.sums.add_id(batch_id)
        yield batch_id


def _look_at(entry: os.DirEntry[str], found: Listing) -> None:
    """Note what cannot be a batch; of a long backlog only what is no file, for that costs nothing.

    The upload finds the others.
    """
    with suppress(FileNotFoundError):  # an upload has just ended it
        if trouble := shape_trouble(entry.stat(follow_symlinks=False)):
            found.damaged.add(f"{entry.name}: {trouble}")
