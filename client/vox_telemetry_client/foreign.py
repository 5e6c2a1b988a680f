"""Files in `pending/` that are no batches: moved to `foreign/`, so that they are in nobody's way.

They are never read, so it does not matter what they are: a link, a folder, a pipe, a huge file.
"""

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from vox_telemetry_client.files import FOLDER_MODE, sync_folder
from vox_telemetry_client.folder import entries, is_batch_file
from vox_telemetry_client.journal_lines import Foreign
from vox_telemetry_client.limits import FOREIGN_AT_ONCE_MAX_FILES
from vox_telemetry_client.spool import Spool

AT_FORMAT = "%Y-%m-%dT%H%M%S.%fZ"  # of the folders: RFC 3339 without the colons, for Windows


def set_foreign_aside(spool: Spool) -> list[str]:
    """Move what is no batch into a folder of `foreign/`, named by the time; return the names.

    What cannot be moved stays, is never sent and does not hinder the rest. A crash leaves some of
    them behind; the next call moves them.

    Raises:
        SpoolError: the spool cannot be read or changed.

    """
    if not _names(spool):
        return []
    with spool.changing() as decide:
        names = _names(spool)
        at = spool.at()
        target = spool.folder.foreign / at.replace(":", "")
        decide(Foreign(at, [printable(name) for name in names], f"foreign/{target.name}"))
        spool.folder.foreign.mkdir(mode=FOLDER_MODE, exist_ok=True)
        target.mkdir(mode=FOLDER_MODE, exist_ok=True)
        moved = [name for name in names if _moved(spool.folder.pending / name, target / name)]
        for folder in (target, spool.folder.foreign, spool.folder.pending, spool.folder.root):
            sync_folder(folder)
    return [printable(name) for name in moved]


def _names(spool: Spool) -> list[str]:
    found = (entry.name for entry in entries(spool.folder.pending))
    return list(islice((one for one in found if not is_batch_file(one)), FOREIGN_AT_ONCE_MAX_FILES))


def printable(name: str) -> str:
    r"""Return a file name as text that harms neither JSON nor a terminal; odd bytes as `\xNN`."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def _moved(path: Path, target: Path) -> bool:
    if os.path.lexists(target):  # two calls within one millisecond
        return False
    with suppress(OSError):  # such as a folder of another owner
        path.rename(target)
        return True
    return False
