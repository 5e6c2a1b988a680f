import pytest

from support.client_world import put
from vox_telemetry_client.errors import BatchUnknownError
from vox_telemetry_client.review import find
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem


def test_a_batch_is_found_by_its_id_or_its_beginning(spool: Spool) -> None:
    (batch,) = put(spool)
    for wanted in (batch.batch_id, batch.batch_id[:8]):
        found = find(spool.folder, wanted)
        assert (found.batch_id, found.state, found.payload) == (
            batch.batch_id,
            "pending",
            batch.payload,
        )
        assert found.problem is None
        assert found.sha256 == batch.payload_sha256


def test_a_batch_that_was_set_aside_comes_with_its_problem(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem(title="no"))
    found = find(spool.folder, batch.batch_id)
    assert (found.state, found.problem) == ("rejected", Problem(title="no"))


@pytest.mark.parametrize(("wanted", "count"), [("", 2), ("ffff", 0), ("../journal", 0)])
def test_none_or_several_are_not_guessed(spool: Spool, wanted: str, count: int) -> None:
    put(spool, events=2, max_events=1)
    with pytest.raises(
        BatchUnknownError, match=f"{count} batches begin with '{wanted}', expected one"
    ):
        find(spool.folder, wanted)


def test_bytes_that_are_no_json_have_no_document(spool: Spool) -> None:
    (batch,) = put(spool)
    path = spool.folder.pending / f"{batch.batch_id}.json"
    assert isinstance(find(spool.folder, batch.batch_id).document, dict)
    path.write_bytes(b"not json")
    assert find(spool.folder, batch.batch_id).document is None
