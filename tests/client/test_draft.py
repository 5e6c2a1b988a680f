import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.client_world import NOW, QUOTA, batches_of, file_size_limit, names, new_spool
from support.events import benchmark_event
from vox_telemetry_client import draft as draft_file
from vox_telemetry_client import reading
from vox_telemetry_client.check import Check, Rules
from vox_telemetry_client.draft import Draft
from vox_telemetry_client.enqueuing import draft, keep
from vox_telemetry_client.errors import SpoolError, SpoolFullError
from vox_telemetry_client.folder import Folder, used
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.strict_json import encode


def small(folder: Path, *, max_bytes: int = QUOTA, max_events: int = 3) -> Draft:
    return draft(Folder(folder / "spool"), max_bytes=max_bytes, max_events=max_events)


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_file, "DRAFT_MEMORY_MAX_BYTES", 20)


EVENTS = [b'"event %d"' % number for number in range(8)]
RUNS = [EVENTS[:3], EVENTS[3:6], EVENTS[6:]]


def test_few_events_stay_in_memory(tmp_path: Path) -> None:
    with small(tmp_path) as found:
        for event in EVENTS:
            found.extend([event])
        assert list(found.batches()) == RUNS
        assert found.events == 8
        assert names(tmp_path) == []


def test_many_events_go_to_a_file_that_nobody_finds(tmp_path: Path, on_disk: None) -> None:
    with small(tmp_path) as found:
        for event in EVENTS:
            found.extend([event])
        assert (tmp_path / "spool" / "tmp").stat().st_mode & 0o777 == 0o700
        assert names(tmp_path / "spool" / "tmp") == []
        assert list(found.batches()) == RUNS


def test_what_is_needed_is_what_the_batches_take(tmp_path: Path) -> None:
    spool = new_spool(tmp_path / "spool")
    with small(tmp_path) as found:
        for number in range(8):
            found.extend([encode(benchmark_event(metric_value=number))])
        needed = found.needed_bytes
        assert len(keep(found, spool, now=NOW, max_bytes=needed)) == 3
    assert used(spool.folder) == needed == sum(len(one.payload) for one in batches_of(spool))


def test_what_the_quota_can_never_hold_is_counted_and_not_kept(
    tmp_path: Path, on_disk: None
) -> None:
    spool = new_spool(tmp_path / "spool")
    with small(tmp_path, max_bytes=300, max_events=10_000) as found:
        for number in range(1_000):
            found.extend([b"%06d" % number])
        assert list(found.batches()) == []
        envelope = found.needed_bytes - 7 * 1_000 + 1
        with pytest.raises(SpoolFullError, match=f"_BYTES to {envelope + 6_999} or more"):
            keep(found, spool, now=NOW, max_bytes=300)
    assert 200 < envelope < 300


@pytest.mark.parametrize("length_bytes", [10_000, 99])
def test_case_8_a_disk_that_fills_up_while_events_are_checked_keeps_nothing(
    tmp_path: Path, on_disk: None, length_bytes: int
) -> None:
    events = [b"1" * length_bytes] * 200
    with file_size_limit(5_000):
        with (
            pytest.raises(SpoolFullError, match=r"no space left in .* nothing was kept"),
            small(tmp_path) as found,
        ):
            found.extend(events)
        assert names(tmp_path / "spool" / "tmp") == []


def test_a_spool_that_cannot_be_made_is_said_so(tmp_path: Path, on_disk: None) -> None:
    (tmp_path / "spool").write_text("a file")
    with small(tmp_path) as found, pytest.raises(SpoolError, match="cannot be made"):
        found.extend([b"1" * 30])


def test_a_tmp_that_is_gone_is_said_so(
    tmp_path: Path, on_disk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Folder, "create", lambda _: None)
    with (
        small(tmp_path) as found,
        pytest.raises(SpoolError, match="tmp cannot be written: no such"),
    ):
        found.extend([b"1" * 30])


def test_memory_does_not_grow_with_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_file, "DRAFT_MEMORY_MAX_BYTES", 100_000)
    monkeypatch.setattr(reading, "DOCUMENT_MAX_BYTES", 100_000)
    rules = Rules(Checker.load(), datetime.now(UTC))

    def peak_bytes(events: int) -> int:
        path = tmp_path / f"{events}.jsonl"
        line = encode(benchmark_event()) + b"\n"
        path.write_bytes(line * events)
        spool = new_spool(tmp_path / f"spool-{events}")
        tracemalloc.start()
        with draft(spool.folder, max_bytes=QUOTA) as found:
            checked = Check(rules, keep=found.extend).inputs([str(path)])
            approvals = keep(found, spool, now=NOW, max_bytes=QUOTA)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert checked.accepted == sum(one.event_count for one in approvals) == events
        return peak

    peak_bytes(2_000)  # fills what the rules remember of texts
    assert peak_bytes(16_000) < peak_bytes(4_000) + 500_000
