"""What lies in the spool and needs a person's eye, for `status`; changes nothing."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from vox_telemetry_client.folder import Folder, entries, is_batch_file
from vox_telemetry_client.foreign import printable
from vox_telemetry_client.limits import LEFT_SHOWN_MAX_FILES
from vox_telemetry_client.set_aside import copies
from vox_telemetry_client.spool_pruning import leftovers
from vox_telemetry_client.unapproved import shape_trouble


@dataclass
class Some:
    """A count, and the first LEFT_SHOWN_MAX_FILES of what was counted."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.first) < LEFT_SHOWN_MAX_FILES:
            self.first.append(text)


@dataclass
class LeftBehind:
    """Files under their paths in the spool."""

    damaged: Some = field(default_factory=Some)  # in pending/, no batch by kind or size
    set_aside: Some = field(default_factory=Some)  # in rejected/, also second ones under an id
    foreign: Some = field(default_factory=Some)  # folders of foreign/
    leftovers: Some = field(default_factory=Some)  # what `prune spool` takes beside batches


def left_behind(folder: Folder, now: datetime) -> LeftBehind:
    """Return what is there; an absent spool is an empty one.

    Raises:
        SpoolError: it cannot be read.

    """
    found = LeftBehind()
    for text in _damaged(folder):
        found.damaged.add(text)
    for copy in copies(folder):
        found.set_aside.add(copy.stem)
    for entry in entries(folder.foreign):
        found.foreign.add(printable(entry.name))
    for one in leftovers(folder, now):
        found.leftovers.add(f"{one.file}: {one.reason}")
    return found


def _damaged(folder: Folder) -> Iterator[str]:
    for entry in entries(folder.pending):
        if is_batch_file(entry.name) and (trouble := _trouble(entry)):
            yield f"{entry.name}: {trouble}"


def _trouble(entry: os.DirEntry[str]) -> str:
    try:
        return shape_trouble(entry.stat(follow_symlinks=False))
    except FileNotFoundError:  # an upload has just ended it
        return ""
