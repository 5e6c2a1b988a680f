"""New batches into `tmp/` before the journal's line, and into `pending/` after it."""

from collections.abc import Callable, Iterable, Sequence

from vox_telemetry_client.batch import Approval, Batch
from vox_telemetry_client.files import sync_folder, write_new
from vox_telemetry_client.folder import Folder, batch_file


def stage(
    folder: Folder, batches: Iterable[Batch], remember: Callable[[Batch], None] = lambda _: None
) -> list[Approval]:
    """Write batches one by one, telling `remember` of each; when one fails, none stays.

    Raises:
        OSError: one cannot be written.

    """
    staged: list[Approval] = []
    try:
        for batch in batches:
            staged.append(batch.approval)
            write_new(folder.tmp / batch_file(batch.batch_id), batch.payload)
            remember(batch)
        sync_folder(folder.tmp)
    except BaseException:  # nothing is decided yet, so nothing stays, also after Ctrl-C
        unstage(folder, staged)
        raise
    return staged


def unstage(folder: Folder, staged: Sequence[Approval]) -> None:
    """Delete what `stage` wrote.

    Raises:
        OSError: one cannot be deleted.

    """
    for batch in staged:
        (folder.tmp / batch_file(batch.batch_id)).unlink(missing_ok=True)


def publish(folder: Folder, staged: Sequence[Approval]) -> None:
    """Move what the journal has approved to where an upload finds it.

    Raises:
        OSError: one cannot be moved; `settle` moves it later.

    """
    for batch in staged:
        name = batch_file(batch.batch_id)
        (folder.tmp / name).rename(folder.pending / name)
    sync_folder(folder.pending)
