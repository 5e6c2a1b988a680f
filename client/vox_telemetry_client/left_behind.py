"""What lies in the spool beside batches and needs a person's eye, for `status`; changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from vox_telemetry_client.folder import Folder, entries
from vox_telemetry_client.foreign import printable
from vox_telemetry_client.set_aside import stems
from vox_telemetry_client.some import Some
from vox_telemetry_client.spool_pruning import leftovers


@dataclass(frozen=True)
class LeftBehind:
    """Counts, each with the first few names."""

    set_aside: Some  # in rejected/, also second ones under an id
    foreign: Some  # folders of foreign/
    leftovers: Some  # what `prune spool` takes beside batches, and why


def left_behind(folder: Folder, now: datetime) -> LeftBehind:
    """Return what is there; an absent spool is an empty one.

    Raises:
        SpoolError: it cannot be read.

    """
    return LeftBehind(
        set_aside=Some.of(stems(folder)),
        foreign=Some.of(printable(entry.name) for entry in entries(folder.foreign)),
        leftovers=Some.of(f"{one.file}: {one.reason}" for one in leftovers(folder, now)),
    )
