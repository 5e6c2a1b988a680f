from datetime import timedelta

import pytest

from support.client_world import ALLOWED, NOW, put
from vox_telemetry_client.disclosure import pending
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.switches import Decision, Source

OFF = Decision(allowed=False, reason="off", source=Source.MASTER)
SMUGGLED = "019abcde-0000-7000-8000-000000000009"


def test_a_row_says_what_an_upload_would_do(spool: Spool) -> None:
    (early,) = put(spool, now=NOW - timedelta(days=1))
    (late,) = put(spool, events=5)
    (spool.folder.pending / f"{SMUGGLED}.json").write_bytes(b"{}")
    since = Decision(allowed=True, reason="", source=Source.CONSENT, covers_from=NOW)
    found = {row.batch_id: row for row in pending.rows(spool, since).rows}
    assert {name: row.state for name, row in found.items()} == {
        early.batch_id: "before consent",
        late.batch_id: "ready",
        SMUGGLED: "not approved",
    }
    assert (found[late.batch_id].events, found[late.batch_id].size_bytes) == (5, len(late.payload))
    assert found[late.batch_id].approved_at == "2026-11-22T12:00:00.000Z"
    assert (found[SMUGGLED].events, found[SMUGGLED].size_bytes) == (None, None)
    assert {row.state for row in pending.rows(spool, OFF).rows} == {"held back", "not approved"}
    (spool.folder.pending / f"{late.batch_id}.json").write_bytes(late.payload + b" ")
    assert pending.rows(spool, since).rows[-1].state == "changed since"


def test_a_page_is_bounded_and_reads_no_batch_but_its_own(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = put(spool, events=2 * VIEW_PAGE_ROWS + 1, max_events=1)
    read: list[str] = []
    approved = spool.approved
    monkeypatch.setattr(spool, "approved", lambda one: read.append(one) or approved(one))
    first = pending.rows(spool, ALLOWED)
    assert [row.batch_id for row in first.rows] == [
        batch.batch_id for batch in batches[:VIEW_PAGE_ROWS]
    ]
    assert set(read) == {row.batch_id for row in first.rows}
    second = pending.rows(spool, ALLOWED, first.after)
    third = pending.rows(spool, ALLOWED, second.after)
    assert (len(second.rows), len(third.rows), third.after) == (VIEW_PAGE_ROWS, 1, "")


def test_a_batch_is_found_by_its_whole_id_alone(spool: Spool) -> None:
    (batch,) = put(spool)
    found = pending.find(spool, batch.batch_id)
    assert found is not None
    assert (found.payload, found.trouble) == (batch.payload, "")
    assert pending.find(spool, batch.batch_id[:-1]) is None
    assert pending.find(spool, SMUGGLED) is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"{}"), "no line of the journal approves it"),
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.mkdir(), "it is a folder, expected a file"),
        (lambda path: path.symlink_to("/etc/passwd"), "it is a symbolic link"),
        (lambda path: path.write_bytes(b"x" * 1_048_577), "it has 1048577 bytes"),
    ],
)
def test_what_is_no_approved_batch_has_its_words(spool: Spool, make: object, said: str) -> None:
    make(spool.folder.pending / f"{SMUGGLED}.json")  # type: ignore[operator]
    found = pending.find(spool, SMUGGLED)
    assert found is not None
    assert found.trouble.startswith(said)
    assert found.payload in (None, b"", b"{}")


def test_changed_bytes_are_not_the_approved_ones(spool: Spool) -> None:
    (batch,) = put(spool)
    path = spool.folder.pending / f"{batch.batch_id}.json"
    path.write_bytes(batch.payload.replace(b"ci_build", b"ci_built"))
    found = pending.find(spool, batch.batch_id)
    assert found is not None
    assert found.trouble == "its SHA-256 is not the one in the journal"
    assert not pending.is_covered(spool, batch.batch_id, ALLOWED)
