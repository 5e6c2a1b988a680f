"""`rejected/`: which files lie there under which batch id, and moving them back or away.

`<id>.json` is a batch, `<id>.2.json` another that was set aside under the same id; each has the
reason beside it, `<id>.problem.json` and `<id>.2.problem.json`.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nsmallest
from pathlib import Path

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.files import delete, read_at_most, sync_folder
from vox_telemetry_client.folder import Folder, batch_file, entries
from vox_telemetry_client.limits import WINDOW_BATCHES
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES
from vox_telemetry_spec.uuid7 import is_uuid7

_NAME = re.compile(r"([0-9a-f-]{36})(?:\.([1-9][0-9]{0,8}))?(\.problem)?\.json")


@dataclass(frozen=True, order=True)
class Copy:
    """One batch file in `rejected/`; `number` is 1 for the first under its id."""

    batch_id: str
    number: int

    @property
    def stem(self) -> str:
        """How a person names it: the batch id, with the number where there are several."""
        return self.batch_id if self.number == 1 else f"{self.batch_id}.{self.number}"

    def file(self, folder: Folder) -> Path:
        """Return where its bytes lie, or lay."""
        return folder.rejected / f"{self.stem}.json"

    def problem_file(self, folder: Folder) -> Path:
        """Return where the reason lies, or lay."""
        return folder.rejected / f"{self.stem}.problem.json"


def copies(folder: Folder) -> list[Copy]:
    """Return all that was set aside, oldest batch first; a problem without its batch counts too.

    Raises:
        SpoolError: the folder cannot be read.

    """
    return sorted(set(_copies(folder)))


def copies_after(folder: Folder, after: Copy | None, most: int) -> list[Copy]:
    """Return the first copies after one, oldest batch first, in a memory that does not grow.

    Raises:
        SpoolError: the folder cannot be read.

    """
    found = (copy for copy in _copies(folder) if after is None or copy > after)
    # A copy comes once or twice: by its bytes, by its problem, or by both.
    return sorted(set(nsmallest(2 * most, found)))[:most]


def set_aside_at(folder: Folder, copy: Copy) -> datetime | None:
    """Return when it was set aside: the reason was written then; None where nothing says so."""
    for path in (copy.problem_file(folder), copy.file(folder)):
        try:
            return datetime.fromtimestamp(path.lstat().st_mtime, UTC)
        except (OSError, ValueError, OverflowError):
            continue
    return None


def by_id(folder: Folder) -> dict[str, list[Copy]]:
    """Return all that was set aside under each batch id, the first copy first.

    Raises:
        SpoolError: the folder cannot be read.

    """
    found: dict[str, list[Copy]] = {}
    for copy in copies(folder):
        found.setdefault(copy.batch_id, []).append(copy)
    return found


def approved_copy(folder: Folder, among: Iterable[Copy], approval: Approval) -> Copy | None:
    """Return the copy that holds exactly the approved bytes, or None."""
    for copy in among:
        try:
            payload = read_at_most(copy.file(folder), CODED_BODY_MAX_BYTES + 1)
        except OSError:
            continue
        if approval.approves(payload):
            return copy
    return None


def put_back(folder: Folder, copy: Copy) -> None:
    """Move a batch to `pending/`, unless something lies there under the same id.

    The reason goes first, so that a crash leaves a batch that is still found and put back.

    Raises:
        OSError: the spool cannot be changed.

    """
    target = folder.pending / batch_file(copy.batch_id)
    if os.path.lexists(target):
        return
    copy.problem_file(folder).unlink(missing_ok=True)
    copy.file(folder).rename(target)
    sync_folder(folder.pending)
    sync_folder(folder.rejected)


def delete_copies(folder: Folder, found: Iterable[Copy]) -> None:
    """Delete batches that were set aside, each with its reason.

    Raises:
        OSError: the spool cannot be changed.

    """
    for copy in found:
        delete(copy.file(folder))
        delete(copy.problem_file(folder))
    sync_folder(folder.rejected)


def oldest_set_aside(folder: Folder) -> list[str]:
    """Return the oldest ids under which something was set aside, WINDOW_BATCHES at most.

    Raises:
        SpoolError: the folder cannot be read.

    """
    return sorted(set(nsmallest(WINDOW_BATCHES, (copy.batch_id for copy in _copies(folder)))))


def stems(folder: Folder) -> Iterator[str]:
    """Yield how a person names each batch that was set aside, in no order.

    Raises:
        SpoolError: the folder cannot be read.

    """
    for entry in entries(folder.rejected):
        match = _NAME.fullmatch(entry.name)
        if match is not None and is_uuid7(match[1]) and not match[3]:
            yield entry.name.removesuffix(".json")


def _copies(folder: Folder) -> Iterator[Copy]:
    for entry in entries(folder.rejected):
        match = _NAME.fullmatch(entry.name)
        if match is not None and is_uuid7(match[1]):
            yield Copy(match[1], int(match[2] or 1))
