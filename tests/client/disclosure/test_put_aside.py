from support.client_world import put
from vox_telemetry_client.disclosure import put_aside
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.set_aside import Copy
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.violations import Violation

REFUSED = Problem(type="urn:x", title="refused", status=422, violations=[Violation(0, "/a", "b")])


def test_a_row_has_the_problem_and_a_batch_its_bytes(spool: Spool) -> None:
    (batch,) = put(spool, events=4)
    spool.set_aside(batch.batch_id, REFUSED)
    (row,) = put_aside.rows(spool.folder).rows
    assert (row.name, row.events, row.problem) == (batch.batch_id, 4, REFUSED)
    found = put_aside.find(spool.folder, Copy(batch.batch_id, 1))
    assert found is not None
    assert (found.payload, found.problem, found.trouble) == (batch.payload, REFUSED, "")


def test_pages_follow_each_other_without_gap_or_repetition(spool: Spool) -> None:
    batches = put(spool, events=VIEW_PAGE_ROWS + 3, max_events=1)
    for batch in batches:
        spool.set_aside(batch.batch_id, REFUSED)
    first = put_aside.rows(spool.folder)
    second = put_aside.rows(spool.folder, put_aside.named(first.after))
    assert [row.name for row in first.rows + second.rows] == [one.batch_id for one in batches]
    assert (len(first.rows), second.after) == (VIEW_PAGE_ROWS, "")


def test_a_second_copy_under_an_id_is_another(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, REFUSED)
    other = spool.folder.rejected / f"{batch.batch_id}.2.json"
    other.write_bytes(b"something else")
    assert [row.name for row in put_aside.rows(spool.folder).rows] == [
        batch.batch_id,
        f"{batch.batch_id}.2",
    ]
    found = put_aside.find(spool.folder, put_aside.named(f"{batch.batch_id}.2"))
    assert found is not None
    assert (found.payload, found.problem) == (b"something else", None)
    assert found.trouble == "they are not the bytes that the journal approves"
    assert put_aside.find(spool.folder, Copy(batch.batch_id, 3)) is None


def test_a_problem_without_its_batch_and_a_damaged_problem_have_words(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, REFUSED)
    (spool.folder.rejected / f"{batch.batch_id}.json").unlink()
    (spool.folder.rejected / f"{batch.batch_id}.problem.json").write_bytes(b"\xff{")
    found = put_aside.find(spool.folder, Copy(batch.batch_id, 1))
    assert found is not None
    assert (found.payload, found.problem) == (None, None)
    assert found.trouble.startswith("there is no file")
