"""Retention in the spool: what is too old to be kept, and letting it go after a line that says so.

Nothing here runs by itself. The journal stays, with every receipt.
"""

import math
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from vox_telemetry_client.files import delete, sync_folder
from vox_telemetry_client.folder import Folder, entries, is_batch_file
from vox_telemetry_client.foreign import AT_FORMAT, printable
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import PENDING, REJECTED, Cleaned, Discarded, Ended
from vox_telemetry_client.ledger import ledger_of
from vox_telemetry_client.limits import (
    BATCH_OLD_AFTER_S,
    LEFTOVER_AFTER_S,
    PRUNED_AT_ONCE_MAX_FILES,
    SET_ASIDE_KEPT_S,
)
from vox_telemetry_client.listing import id_at
from vox_telemetry_client.set_aside import Copy, by_id, delete_copies, set_aside_at
from vox_telemetry_client.spool import Spool

_UNENDED_WRITE = re.compile(r".+\.[0-9]+\.new")  # `files.replace` names them
_DAY_S = 86_400
_OLD = f"pending for more than {BATCH_OLD_AFTER_S // _DAY_S} days"
_SET_ASIDE = f"set aside more than {SET_ASIDE_KEPT_S // _DAY_S} days ago"
_FOREIGN = f"no batch, set aside more than {SET_ASIDE_KEPT_S // _DAY_S} days ago"
_UNENDED = "left by a write that did not end"
_STAGED = "left in tmp/ for more than a day"


@dataclass(frozen=True)
class Prunable:
    """One file, or all that was set aside under one id."""

    path: Path
    room: str  # the folder of the spool, empty for its root
    reason: str
    bytes: int
    batch_id: str | None = None

    @property
    def file(self) -> str:
        """The path under the spool, as text."""
        return "/".join(filter(None, (self.room, printable(self.path.name))))


Deleted: TypeAlias = Callable[[Sequence[Prunable]], None]


def plan(folder: Folder, now: datetime) -> Iterator[Prunable]:
    """Yield what is too old, and why, reading the disk as it goes; changes nothing.

    Raises:
        SpoolError: the spool cannot be read.

    """
    for part in (_pending, _set_aside, leftovers):
        yield from part(folder, now)


def leftovers(folder: Folder, now: datetime) -> Iterator[Prunable]:
    """Yield what crashes and strangers left and nobody needs.

    Raises:
        SpoolError: the spool cannot be read.

    """
    for room, path in (("", folder.root), (REJECTED, folder.rejected)):
        for entry in entries(path):
            if _UNENDED_WRITE.fullmatch(entry.name) and _is_leftover(entry, now):
                yield _prunable(entry, room, _UNENDED)
    for entry in entries(folder.tmp):
        if _is_leftover(entry, now):
            yield _prunable(entry, "tmp", _STAGED)
    for entry in entries(folder.foreign):
        if now.timestamp() - _foreign_at_s(entry) > SET_ASIDE_KEPT_S:
            yield _prunable(entry, "foreign", _FOREIGN)


def apply(spool: Spool, now: datetime, deleted: Deleted) -> list[str]:
    """Delete what `plan` names, some files at a time, each after a line in the journal.

    The caller holds the upload lock: a batch that is under way is not deleted beneath its receipt.
    `deleted` is told what has gone. Returns what could not be deleted; the rest goes all the same.

    Raises:
        SpoolError: the spool cannot be read, or its journal not written.

    """
    spool.finish()  # what a killed upload has receipts for is not deleted for its age
    stuck: list[str] = []
    for part in (_pending, _set_aside, leftovers):
        found = part(spool.folder, now)
        while chunk := list(islice(found, PRUNED_AT_ONCE_MAX_FILES)):
            for kind in dict.fromkeys((one.room, one.reason) for one in chunk):
                alike = [one for one in chunk if (one.room, one.reason) == kind]
                gone = _delete(spool, alike)
                stuck += [one.file for one in alike if one not in gone]
                deleted(gone)
    return stuck


def _delete(spool: Spool, alike: Sequence[Prunable]) -> list[Prunable]:
    """Write one line for files of one folder and one reason, delete them, return what is gone."""
    room, reason = alike[0].room, f"prune spool: {alike[0].reason}"
    batch_ids = [one.batch_id for one in alike if one.batch_id is not None]
    with spool.changing() as decide:
        if batch_ids:
            ended = _ended(spool.folder, batch_ids) if room == PENDING else None
            decide(Discarded(spool.at(), batch_ids, reason, ended, room))
        else:
            decide(Cleaned(spool.at(), [one.file for one in alike], reason))
        copies = by_id(spool.folder) if batch_ids and room == REJECTED else {}
        gone = [one for one in alike if _is_gone(spool.folder, one, copies)]
        sync_folder(spool.folder.root / room)
    return gone


def _ended(folder: Folder, batch_ids: Sequence[str]) -> Ended | None:
    return ledger_of(Journal(folder.journal), batch_ids).ends(batch_ids)


def _is_gone(folder: Folder, one: Prunable, copies: Mapping[str, Sequence[Copy]]) -> bool:
    try:
        delete_copies(folder, copies.get(one.batch_id or "", ()))
        delete(one.path)
    except OSError:  # such as a folder of another owner
        return False
    return True


def _pending(folder: Folder, now: datetime) -> Iterator[Prunable]:
    old_before = id_at(now.timestamp() - BATCH_OLD_AFTER_S)
    for entry in entries(folder.pending):
        batch_id = entry.name.removesuffix(".json")
        if is_batch_file(entry.name) and batch_id < old_before:
            yield _prunable(entry, PENDING, _OLD, batch_id)


def _set_aside(folder: Folder, now: datetime) -> Iterator[Prunable]:
    for batch_id, found in by_id(folder).items():
        times = [at for copy in found if (at := set_aside_at(folder, copy)) is not None]
        if times and (now - max(times)).total_seconds() > SET_ASIDE_KEPT_S:
            path = found[0].file(folder)
            size = sum(_bytes(copy.file(folder)) for copy in found)
            yield Prunable(path, REJECTED, _SET_ASIDE, size, batch_id)


def _prunable(
    entry: os.DirEntry[str], room: str, reason: str, batch_id: str | None = None
) -> Prunable:
    path = Path(entry)
    return Prunable(path, room, reason, _bytes(path), batch_id)


def _is_leftover(entry: os.DirEntry[str], now: datetime) -> bool:
    return now.timestamp() - _changed_at_s(entry) > LEFTOVER_AFTER_S


def _foreign_at_s(entry: os.DirEntry[str]) -> float:
    try:
        return datetime.strptime(entry.name, AT_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return _changed_at_s(entry)


def _changed_at_s(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except OSError:  # it has gone meanwhile: nothing to delete
        return math.inf


def _bytes(path: Path) -> int:
    """Return the size of a file, or of all in a folder; what cannot be read counts nothing."""
    try:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return found.st_size
        return sum(map(_bytes, path.iterdir()))
    except OSError:
        return 0
