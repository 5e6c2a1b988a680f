from datetime import timedelta
from pathlib import Path

import pytest

from support.client_world import NOW, new_spool, put
from vox_telemetry_client import folder
from vox_telemetry_client.failing import Failing
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.waiting import Waiting


def _all(waiting: Waiting) -> list[str]:
    found = []
    while batch_id := waiting.head():
        found.append(batch_id)
        waiting.pop()
    return found


@pytest.mark.parametrize("window", [1, 2, 100])
def test_oldest_first_and_those_that_failed_before_last_over_all_windows(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(folder, "WINDOW_BATCHES", window)
    one, two, three, four, five = (batch.batch_id for batch in put(spool, events=5, max_events=1))
    waiting = Waiting(spool, Failing({one: 1, three: 0}))
    waiting.begin()
    later = put(spool, events=1, now=NOW + timedelta(seconds=1))  # for the next run
    assert _all(waiting) == [two, four, five, one, three]
    assert waiting.rest() == ([], 0)
    assert spool.waits(later[0].batch_id)


def test_halves_come_before_the_others(spool: Spool) -> None:
    first, second = (batch.batch_id for batch in put(spool, events=2, max_events=1))
    waiting = Waiting(spool, Failing({}))
    waiting.begin()
    assert waiting.head() == first
    waiting.pop()
    waiting.push(["a", "b"])
    assert _all(waiting) == ["a", "b", second]


def test_the_rest_counts_what_was_never_read(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "WINDOW_BATCHES", 2)
    ids = [batch.batch_id for batch in put(spool, events=6, max_events=1)]
    waiting = Waiting(spool, Failing({ids[0]: 1}))
    waiting.begin()
    assert waiting.head() == ids[1]
    assert waiting.rest() == ([ids[1], ids[0]], 4)


def test_an_empty_spool_has_no_head(tmp_path: Path) -> None:
    waiting = Waiting(new_spool(tmp_path / "spool"), Failing({}))
    waiting.begin()
    assert (waiting.head(), waiting.rest()) == (None, ([], 0))
