import errno

import pytest

from support.client_world import names
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.staging import publish, stage, unstage

ID = "019abcde-0000-7000-8000-00000000000{}"
BATCHES = [Batch(ID.format(number), b"{}", 1) for number in range(3)]
NAMES = [f"{batch.batch_id}.json" for batch in BATCHES]


def test_batches_are_written_one_by_one_and_published_together(spool: Spool) -> None:
    seen: list[tuple[Batch, list[str]]] = []
    staged = stage(
        spool.folder, iter(BATCHES), lambda batch: seen.append((batch, names(spool.folder.tmp)))
    )
    assert seen == [(batch, NAMES[: at + 1]) for at, batch in enumerate(BATCHES)]
    assert staged == [batch.approval for batch in BATCHES]
    assert names(spool.folder.pending) == []
    publish(spool.folder, staged)
    assert (names(spool.folder.tmp), names(spool.folder.pending)) == ([], NAMES)


def test_what_was_written_goes_when_one_fails(spool: Spool) -> None:
    def fail_at_the_last(batch: Batch) -> None:
        if batch is BATCHES[2]:
            raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(OSError, match="no space"):
        stage(spool.folder, BATCHES, fail_at_the_last)
    assert names(spool.folder.tmp) == []


def test_what_is_gone_already_need_not_be_unstaged(spool: Spool) -> None:
    staged = stage(spool.folder, BATCHES[:2])
    (spool.folder.tmp / NAMES[0]).unlink()
    unstage(spool.folder, staged)
    assert names(spool.folder.tmp) == []
