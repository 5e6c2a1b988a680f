from pathlib import Path

import pytest

from support.client_world import NOW
from support.events import benchmark_event
from vox_telemetry_client import seen as seen_file
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.repeats import event_digest
from vox_telemetry_client.seen import Seen
from vox_telemetry_spec.envelope import Producer, compose
from vox_telemetry_spec.strict_json import encode

EVENT = benchmark_event()
DIGEST = event_digest(encode(EVENT))


def batch(number: int, events: int = 1) -> Batch:
    batch_id = f"0193d5f0-0000-7000-8000-{number:012}"
    payload = compose(
        [EVENT] * events, batch_id=batch_id, approved_at=NOW, producer=Producer("n", "1")
    )
    return Batch(batch_id, payload, events)


def counted(seen: Seen, *batches: Batch) -> int:
    known = {one.batch_id for one in batches}
    return seen.count(known.__contains__)[DIGEST]


def _add_and_fail(seen: Seen) -> None:
    with seen.adding() as remember:
        remember(batch(2))
        raise OSError("no space")


@pytest.fixture
def seen(tmp_path: Path) -> Seen:
    return Seen(tmp_path / "seen.bin")


def add(seen: Seen, *batches: Batch) -> None:
    with seen.adding() as remember:
        for one in batches:
            remember(one)


def test_only_batches_that_were_enqueued_count(seen: Seen) -> None:
    assert counted(seen, batch(1)) == 0
    add(seen, batch(1, 2), batch(2))
    add(seen, batch(3))
    assert (counted(seen, batch(1)), counted(seen, batch(2), batch(3)), counted(seen)) == (2, 2, 0)


def test_more_rows_than_are_read_at_once_count(seen: Seen) -> None:
    for number in range(10):
        add(seen, batch(number, 1_999))
    assert counted(seen, *map(batch, range(10))) == 19_990


def test_what_failed_is_taken_back(seen: Seen, tmp_path: Path) -> None:
    add(seen, batch(1))
    before = (tmp_path / "seen.bin").read_bytes()
    with pytest.raises(OSError, match="no space"):
        _add_and_fail(seen)
    assert (tmp_path / "seen.bin").read_bytes() == before


@pytest.mark.parametrize("cut_bytes", [1, 16, 31])
def test_a_row_that_a_crash_cut_short_goes(seen: Seen, tmp_path: Path, cut_bytes: int) -> None:
    add(seen, batch(1), batch(2))
    path = tmp_path / "seen.bin"
    path.write_bytes(path.read_bytes()[:-cut_bytes])
    assert counted(seen, batch(1), batch(2)) == 1
    add(seen, batch(3))
    assert counted(seen, batch(1), batch(2), batch(3)) == 2
    assert path.stat().st_size == 64
    assert path.stat().st_mode & 0o777 == 0o600


def test_more_than_the_cap_forgets_the_oldest(
    seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen_file, "SEEN_MAX_BYTES", 3 * 32 + 31)
    add(seen, batch(1, 2), batch(2, 1))
    seen.forget()
    assert counted(seen, batch(1), batch(2)) == 3
    add(seen, batch(3, 1))
    seen.forget()
    assert (counted(seen, batch(1)), counted(seen, batch(2)), counted(seen, batch(3))) == (1, 1, 1)
    assert (tmp_path / "seen.bin").stat().st_size == 96
    assert (tmp_path / "seen.bin").stat().st_mode & 0o777 == 0o600


def test_the_cap_is_8_mebibytes_or_262144_events() -> None:
    assert seen_file.SEEN_MAX_BYTES == 8 * 1_048_576 == 262_144 * 32
