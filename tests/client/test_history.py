from datetime import datetime
from pathlib import Path

import pytest

from support.client_world import put
from vox_telemetry_client import rejected
from vox_telemetry_client.errors import SpoolError
from vox_telemetry_client.history import entries, fates, is_within
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem


def test_an_absent_journal_has_no_lines(tmp_path: Path) -> None:
    assert list(entries(tmp_path / "journal.jsonl")) == []


def test_a_journal_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match=r"journal .* cannot be read: no regular file"):
        list(entries(tmp_path))


def test_damaged_lines_and_one_cut_short_are_told_by_number(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    whole = b'{"event":"attempt","at":"2026-11-01T00:00:00.000Z","batch_id":"a","duty":"retry"}\n'
    path.write_bytes(whole + b"damaged\n\n" + b"\xff\n" + whole + whole.rstrip())
    found = list(entries(path))
    assert [(one.number, one.line is None) for one in found] == [
        (1, False),
        (2, True),
        (4, True),
        (5, False),
        (6, True),
    ]


def test_lines_are_chosen_by_time_and_by_batch(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    times = ("2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z", "garbled")
    path.write_bytes(
        b"".join(
            b'{"event":"attempt","at":"%s","batch_id":"a%d","duty":"retry"}\n'
            % (at.encode(), number)
            for number, at in enumerate(times)
        )
        + b"damaged\n"
    )
    found = list(entries(path))
    since = datetime.fromisoformat("2026-11-02T00:00:00Z")
    chosen = [one.number for one in found if is_within(one, since, None)]
    assert chosen == [2, 3, 4]
    assert [one.number for one in found if is_within(one, None, "a1")] == [2]
    assert [one.number for one in found if is_within(one, None, "a")] == [1, 2, 3]


def test_the_fate_of_a_batch(spool: Spool) -> None:
    waits, aside, back, gone = put(spool, events=4, max_events=1)
    for batch in (aside, back, gone):
        spool.set_aside(batch.batch_id, Problem())
    rejected.retry(spool, [back.batch_id])
    rejected.discard(spool, [gone.batch_id], "test")
    found = fates(spool.folder.journal, [waits.batch_id, aside.batch_id, back.batch_id])
    assert [one.is_set_aside for one in found.values()] == [False, True, False]
    assert found[back.batch_id].approval == back.approval
    (one,) = fates(spool.folder.journal, [gone.batch_id]).values()
    assert (one.is_discarded, one.is_settled, one.approval) == (True, False, gone.approval)
    (unknown,) = fates(spool.folder.journal, ["x"]).values()
    assert unknown.approval is None
