from support.client_world import NOW, put
from vox_telemetry_client.batch import Approval
from vox_telemetry_client.folder import used
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import Enqueued
from vox_telemetry_client.limits import WINDOW_BATCHES
from vox_telemetry_client.overview import look
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.uuid7 import uuid7

AT = "2026-11-22T12:00:00.000Z"


def _ids(count: int) -> list[str]:
    return [uuid7(number, number.to_bytes(10)) for number in range(count)]


def test_what_lies_in_tmp_is_not_missing(spool: Spool) -> None:
    (batch,) = put(spool)
    name = f"{batch.batch_id}.json"
    (spool.folder.pending / name).rename(spool.folder.tmp / name)  # killed before it was published
    assert look(spool.folder, NOW).missing.count == 0


def test_an_ended_batch_that_lies_there_again_is_neither_missing_nor_unapproved(
    spool: Spool,
) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem())
    (spool.folder.pending / f"{batch.batch_id}.json").write_bytes(batch.payload)
    found = look(spool.folder, NOW)
    assert (found.pending.count, found.missing.count, found.unapproved.count) == (1, 0, 0)
    assert found.used_bytes == used(spool.folder)


def test_bytes_that_lie_there_are_counted_where_the_journal_cannot_know(spool: Spool) -> None:
    (batch,) = put(spool)
    (spool.folder.pending / f"{_ids(1)[0]}.json").write_bytes(b"1234")
    assert look(spool.folder, NOW).used_bytes == used(spool.folder) == len(batch.payload) + 4


def test_a_lost_journal_names_some_and_says_that_there_are_more(spool: Spool) -> None:
    count = 2 * WINDOW_BATCHES
    for batch_id in _ids(count):
        (spool.folder.pending / f"{batch_id}.json").touch()
    found = look(spool.folder, NOW)
    assert (found.pending.count, found.pending_events) == (count, 0)
    assert 0 < found.unapproved.count < count
    assert found.unnamed_parts > 0


def test_many_lost_files_name_some_and_say_that_there_are_more(spool: Spool) -> None:
    ids = _ids(2 * WINDOW_BATCHES)
    approvals = [Approval(batch_id, "0" * 64, 1, 1) for batch_id in ids]
    Journal(spool.folder.journal).append(Enqueued(AT, approvals))
    found = look(spool.folder, NOW)
    assert 0 < found.missing.count < len(ids)
    assert found.unnamed_parts > 0
