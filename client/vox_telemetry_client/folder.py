"""The spool folder as a type: its rooms, its modes, and who may stand in it.

tmp/            being written; meaningless once its writer is gone
pending/        approved, waiting; `<batch_id>.json` holds exactly the bytes that are sent
rejected/       set aside, `<batch_id>.json` beside `<batch_id>.problem.json`; only a person deletes
foreign/        what lay in pending/ and is no batch; made when it is first needed
journal.jsonl   what was decided, one line each (`journal`)
state.json      when the sink wants to be asked again (`state`)
seen.bin        digests of the newest enqueued events, for telling repeats (`seen`)
spool.lock      held for a moment by whoever changes the spool
upload.lock     held by the one uploader for its whole run
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path

from vox_telemetry_client.errors import (
    SpoolError,
    SpoolUnsafeError,
    os_words,
)
from vox_telemetry_client.files import FOLDER_MODE, sync_folder, write_new
from vox_telemetry_client.limits import WINDOW_BATCHES
from vox_telemetry_spec.uuid7 import is_uuid7

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Folder:
    """Where everything lies."""

    root: Path

    @property
    def tmp(self) -> Path:
        """Batches that are being written."""
        return self.root / "tmp"

    @property
    def pending(self) -> Path:
        """Batches that wait for their upload."""
        return self.root / "pending"

    @property
    def rejected(self) -> Path:
        """Batches that were set aside."""
        return self.root / "rejected"

    @property
    def foreign(self) -> Path:
        """Files that lay among the batches and are none."""
        return self.root / "foreign"

    @property
    def journal(self) -> Path:
        """The record of decisions."""
        return self.root / "journal.jsonl"

    @property
    def state(self) -> Path:
        """The uploader's memory between runs."""
        return self.root / "state.json"

    @property
    def seen(self) -> Path:
        """Digests of what was enqueued."""
        return self.root / "seen.bin"

    @property
    def spool_lock(self) -> Path:
        """Held while the spool changes."""
        return self.root / "spool.lock"

    @property
    def upload_lock(self) -> Path:
        """Held while an upload runs."""
        return self.root / "upload.lock"

    def create(self) -> None:
        """Make what is missing, only for this user, and check what is there.

        Raises:
            SpoolUnsafeError: see `check`.
            SpoolError: a folder cannot be made.

        """
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            for path in (self.root, self.tmp, self.pending, self.rejected):
                path.mkdir(mode=FOLDER_MODE, exist_ok=True)
            # The default spool lies in a repository, where it must not be committed by accident.
            if not (self.root / ".gitignore").exists():
                write_new(self.root / ".gitignore", b"*\n")
            sync_folder(self.root)
        except OSError as exc:
            raise SpoolError(
                f"the spool folder {self.root} cannot be made: {os_words(exc)}; "
                "choose another with VOX_TELEMETRY_SPOOL_DIR"
            ) from exc
        self.check()

    def check(self) -> None:
        """Check that nobody else can read or change what will be sent; an absent spool is safe.

        Raises:
            SpoolUnsafeError: a symbolic link, another's folder, or one that others may enter.

        """
        for path in (self.root, self.tmp, self.pending, self.rejected, self.foreign):
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
            except OSError as exc:
                raise SpoolError(
                    f"the spool folder {path} cannot be read: {os_words(exc)}"
                ) from exc
            _check_folder(path, found)


def batch_file(batch_id: str) -> str:
    """Return the name of a batch's file."""
    return f"{batch_id}.json"


def batch_ids(room: Path) -> Iterator[str]:
    """Yield the ids of the batch files in `room`, in no order; other names are passed over.

    Raises:
        SpoolError: the folder cannot be read.

    """
    stems = (entry.name[:-5] for entry in entries(room) if entry.name.endswith(".json"))
    return filter(is_uuid7, stems)


def oldest(room: Path, *, after: str = "", until: str | None = None) -> list[str]:
    """Return the ids of the oldest batch files, at most WINDOW_BATCHES of them, oldest first.

    Only ids that come after `after` and, where it is given, not after `until`.

    Raises:
        SpoolError: the folder cannot be read.

    """
    among = (one for one in batch_ids(room) if one > after and (until is None or one <= until))
    return nsmallest(WINDOW_BATCHES, among)


def is_batch_file(name: str) -> bool:
    """Tell whether a batch can have this file name; others are never read and never sent."""
    return name.endswith(".json") and is_uuid7(name[:-5])


def entries(room: Path) -> Iterator[os.DirEntry[str]]:
    """Yield what lies in `room`, without holding all of it; an absent one is empty.

    Raises:
        SpoolError: the folder cannot be read.

    """
    try:
        with os.scandir(room) as found:
            yield from found
    except FileNotFoundError:
        return
    except OSError as exc:
        raise SpoolError(f"the spool folder {room} cannot be read: {os_words(exc)}") from exc


def used(folder: Folder) -> int:
    """Return the bytes of everything in `pending/` and `rejected/`."""
    rooms = (folder.pending, folder.rejected)
    return sum(size_bytes(entry) for room in rooms for entry in entries(room))


def size_bytes(entry: os.DirEntry[str]) -> int:
    """Return the length of a file in the spool, 0 where an upload has just ended it."""
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0


def _is_junction(found: os.stat_result) -> bool:
    """Tell whether Windows leads from here to another folder in its own way, by a reparse point."""
    return bool(getattr(found, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_REPARSE_POINT)


def _check_folder(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode) or _is_junction(found):
        raise SpoolUnsafeError(
            f"{path} is a symbolic link, expected a folder: name its target in "
            "VOX_TELEMETRY_SPOOL_DIR"
        )
    if not stat.S_ISDIR(found.st_mode):
        raise SpoolUnsafeError(f"{path} is no folder, expected one: move it away")
    if not hasattr(os, "geteuid"):
        return  # Windows: the user's profile is guarded by its access control list
    if found.st_uid != os.geteuid():
        raise SpoolUnsafeError(
            f"{path} belongs to user {found.st_uid}, expected {os.geteuid()}: "
            "run as its owner, or choose another with VOX_TELEMETRY_SPOOL_DIR"
        )
    if found.st_mode & _OTHERS:
        raise SpoolUnsafeError(
            f"{path} has mode {stat.S_IMODE(found.st_mode):04o}, expected 0700: "
            f"look at what is in it, then run: chmod 700 '{path}'"
        )
