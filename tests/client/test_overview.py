from datetime import timedelta
from pathlib import Path

from support.client_world import NOW, Clock, new_spool, put, stores, tree, upload
from support.http_server import misbehaving_server
from vox_telemetry_client.consent import granted
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.listing import scan
from vox_telemetry_client.lock import held
from vox_telemetry_client.overview import count_before_consent, look
from vox_telemetry_client.some import Some
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.state import keep_earliest
from vox_telemetry_client.tally import Tally
from vox_telemetry_spec.problems import Problem

SMUGGLED = "019abcde-0000-7000-8000-000000000009"


def test_an_absent_spool_is_empty_and_stays_absent(tmp_path: Path) -> None:
    found = look(Folder(tmp_path / "q"), NOW)
    assert (found.pending, found.rejected) == (Some(), Some())
    assert (found.used_bytes, found.uploader) == (0, None)
    assert not (tmp_path / "q").exists()


def test_what_is_pending_and_set_aside(spool: Spool) -> None:
    first, second, third = put(spool, events=6, max_events=2)
    spool.set_aside(third.batch_id, Problem())
    found = look(spool.folder, NOW)
    assert found.pending == Some(2, [first.batch_id, second.batch_id])
    assert found.pending_events == 4
    assert found.rejected == Some(1, [third.batch_id])
    sizes = [
        path.stat().st_size
        for room in ("pending", "rejected")
        for path in (spool.folder.root / room).iterdir()
    ]
    assert found.used_bytes == sum(sizes)


def test_what_was_sent(spool: Spool) -> None:
    put(spool, events=5, max_events=2)
    with misbehaving_server(then=stores()) as server:
        upload(spool, server)
    found = look(spool.folder, NOW)
    assert (found.acknowledged_batches, found.acknowledged_events) == (3, 5)
    assert found.last_acknowledged is not None
    assert found.last_acknowledged.receipt.event_count == 1


def test_whatever_needs_an_eye_is_named(spool: Spool) -> None:
    lost, kept = put(spool, events=2, max_events=1)
    (spool.folder.pending / f"{lost.batch_id}.json").unlink()
    (spool.folder.pending / f"{SMUGGLED}.json").write_bytes(b"{}")
    (spool.folder.pending / "notes.txt").write_text("mine")
    with spool.folder.journal.open("ab") as file:
        file.write(b"damaged\n")
    before = tree(spool.folder.root)
    found = look(spool.folder, NOW)
    assert found.missing == Some(1, [lost.batch_id])
    assert found.unapproved == Some(1, [SMUGGLED])
    assert found.foreign == Some(1, ["notes.txt"])
    assert found.unreadable_lines == 1
    assert kept.batch_id in found.pending.first
    assert found.pending_events == 1
    assert tree(spool.folder.root) == before


def test_a_batch_is_old_after_seven_days(spool: Spool) -> None:
    (batch,) = put(spool)
    assert look(spool.folder, NOW + timedelta(days=7)).old == Some()
    assert look(spool.folder, NOW + timedelta(days=7, seconds=1)).old == Some(1, [batch.batch_id])


def test_who_uploads_and_when_the_sink_wants_to_be_asked(tmp_path: Path) -> None:
    spool = new_spool(tmp_path / "q", Clock())
    keep_earliest(spool.folder.state, NOW + timedelta(seconds=60))
    with held(spool.folder.upload_lock, "an upload"):
        found = look(spool.folder, NOW)
    assert found.uploader is not None
    assert found.earliest_next_attempt == NOW + timedelta(seconds=60)
    assert look(spool.folder, NOW).uploader is None


def test_what_is_older_than_consent_and_not_included(spool: Spool) -> None:
    early, _ = (put(spool, now=NOW - timedelta(days=1))[0].batch_id for _ in range(2))
    put(spool)
    given = granted(
        None,
        at="2026-11-22T12:00:00.000Z",
        url="https://a/",
        contract="v1",
        contract_sha256="1",
    )
    spool.decided(given)
    found = look(spool.folder, NOW, covers_from=NOW).before_consent
    assert (found.count, early in found.first) == (2, True)
    assert count_before_consent(spool.folder, NOW) == 2
    assert look(spool.folder, NOW).before_consent == Some()
    spool.decided(given, include_pending=True)
    assert look(spool.folder, NOW, covers_from=NOW).before_consent == Some()
    assert count_before_consent(spool.folder, NOW) == 0
    # That was this grant; another one, which begins later, covers none of them.
    assert count_before_consent(spool.folder, NOW + timedelta(seconds=1)) == 3


def test_a_purge_of_what_waits_and_what_was_set_aside_leaves_the_sums_right(spool: Spool) -> None:
    for batch in put(spool, events=4, max_events=1)[:2]:
        spool.set_aside(batch.batch_id, Problem(title="no"))
    assert spool.purge("consent deny --purge").count == 4
    put(spool, events=2, max_events=1)
    tally = Tally().follow(Journal(spool.folder.journal))
    assert (tally.open.batches, tally.open.events) == (2, 2)
    assert tally.open.parts == scan(spool.folder.pending).sums.parts


def test_who_only_looks_need_not_touch_the_lock_of_an_upload(tmp_path: Path) -> None:
    spool = new_spool(tmp_path / "q", Clock())
    with held(spool.folder.upload_lock, "an upload"):
        assert look(spool.folder, NOW, asks_for_uploader=False).uploader is None
