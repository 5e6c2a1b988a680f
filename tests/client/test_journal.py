import errno
import os
from pathlib import Path

import pytest

from support.client_world import file_size_limit
from vox_telemetry_client.batch import Approval
from vox_telemetry_client.errors import SpoolError, SpoolFullError
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import Attempt, Discarded, Ended, Enqueued, Line
from vox_telemetry_client.ledger import ledger_of
from vox_telemetry_client.limits import WINDOW_BATCHES

AT = "2026-11-22T12:00:00.000Z"
A, B, C = (Approval(name, "0" * 64, 3, 100) for name in "abc")


def test_every_line_that_is_appended_is_yielded_with_its_end(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert list(journal.lines()) == []
    lines = [Enqueued(AT, [A]), Discarded(AT, ["a"], "consent deny --purge", Ended(3, 100))]
    for line in lines:
        journal.append(line)
    (first_end, first), (second_end, second) = journal.lines()
    assert [first, second] == lines
    assert second_end == (tmp_path / "j").stat().st_size == journal.size_bytes()
    assert list(journal.lines(first_end)) == [(second_end, second)]


def test_the_last_lines_are_found_from_the_end_however_long(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert journal.last(1) == []
    lines = []
    for length in (1, 65_536, 200_000):
        line = Discarded(AT, ["a"], "x" * length)
        journal.append(line)
        lines.append(line)
        assert [journal.last(most) for most in (1, 2, 9)] == [[line], lines[-2:], lines]
    with (tmp_path / "j").open("ab") as file:
        file.write(b'{"event":"enq')
    assert journal.last(1) == [line]
    (tmp_path / "j").write_bytes(b"damaged\n")
    assert journal.last(2) == [None]


def test_long_lines_before_the_last_ones_are_not_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Discarded(AT, ["a"], "x" * 200_000))
    before_bytes = journal.size_bytes()
    short: list[Line] = [Attempt(AT, "a", "retry", 503), Attempt(AT, "b", "retry", 503)]
    journal.append(*short)
    size_bytes = journal.size_bytes()
    for within_bytes in (size_bytes - 1, 100_000, size_bytes - before_bytes + 1):
        assert journal.last(9, within_bytes=within_bytes) == short
    assert journal.last(9, within_bytes=size_bytes - before_bytes - 1) == short[1:]
    assert len(journal.last(9, within_bytes=size_bytes)) == 3


def test_lines_can_be_made_durable_later_and_attempts_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.sync()  # of nothing
    lines: list[Line] = [Attempt(AT, "a", "retry", 503), Discarded(AT, ["a"], "why")]
    journal.append(*lines, synced=False)
    journal.sync()
    assert [line for _, line in journal.lines()] == lines
    assert list(journal.lines(attempts=False)) == [(journal.size_bytes(), lines[1])]


def test_what_a_failed_fsync_may_have_lost_is_written_anew_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, fsync = tmp_path / "j", os.fsync
    told: list[OSError] = []  # by the system, once each
    is_rewritten: list[bool] = []

    def synced(descriptor: int) -> None:
        is_rewritten.append(path.stat().st_mtime_ns != 0)
        if told:
            raise told.pop()
        fsync(descriptor)

    def sync(journal: Journal) -> None:
        os.utime(path, ns=(0, 0))
        journal.sync()

    journal = Journal(path)
    lines: list[Line] = [Attempt(AT, "a", "retry", 503), Discarded(AT, ["a"], "why")]
    journal.append(*lines, synced=False)
    monkeypatch.setattr(os, "fsync", synced)
    sync(journal)  # a process before this one may have failed
    sync(journal)
    told.append(OSError(errno.EIO, "no"))
    with pytest.raises(SpoolError, match="cannot be written"):
        sync(journal)
    sync(journal)
    sync(journal)
    assert is_rewritten == [True, False, False, True, False]
    assert [line for _, line in journal.lines()] == lines


def test_another_process_is_read_along(tmp_path: Path) -> None:
    mine, other = Journal(tmp_path / "j"), Journal(tmp_path / "j")
    mine.append(Enqueued(AT, [A]))
    ledger = ledger_of(mine, "ab")
    assert set(ledger.open) == {"a"}
    other.append(Enqueued(AT, [B]))
    assert set(ledger.follow(mine).open) == {"a", "b"}


MANY = [Approval(f"{number:05}", "0" * 64, 1, 1) for number in range(2 * WINDOW_BATCHES + 1)]


def _sizes(journal: Journal) -> list[int]:
    return [len(line.batches) for _, line in journal.lines() if isinstance(line, Enqueued)]


def test_many_batches_of_one_enqueue_take_several_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Enqueued(AT, MANY))
    journal.append(Enqueued(AT, [A]))
    assert _sizes(journal) == [WINDOW_BATCHES, WINDOW_BATCHES, 1, 1]
    assert set(ledger_of(journal, ["00000", "04000", "a"]).open) == {"00000", "04000", "a"}


@pytest.mark.parametrize("lost_lines", [1, 2])
@pytest.mark.parametrize("lost_bytes", [0, 1])
def test_an_enqueue_cut_short_between_its_lines_decides_nothing(
    tmp_path: Path, lost_lines: int, lost_bytes: int
) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Enqueued(AT, [A]))
    journal.append(Enqueued(AT, MANY))
    whole = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    kept = b"".join(whole[:-lost_lines])
    (tmp_path / "j").write_bytes(kept[: len(kept) - lost_bytes])
    assert _sizes(journal) == [1]
    journal.append(Enqueued(AT, MANY[:10]))
    journal.append(Enqueued(AT, [B]))
    assert _sizes(journal) == [1, 10, 1]
    # Nor do the lines that come after a lost one.
    (tmp_path / "j").write_bytes(b"".join([whole[0], *whole[2:]]))
    assert _sizes(journal) == [1]


@pytest.mark.parametrize("lost_bytes", [1, 2, 5])
def test_a_line_cut_short_decides_nothing_and_the_next_starts_anew(
    tmp_path: Path, lost_bytes: int
) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Enqueued(AT, [A]))
    whole = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(whole + whole.replace(b'"a"', b'"c"')[:-lost_bytes])
    assert set(ledger_of(journal, "abc").open) == {"a"}
    journal.append(Enqueued(AT, [B]))
    assert set(ledger_of(journal, "abc").open) == {"a", "b"}
    assert [line for _, line in journal.lines()].count(None) == 1


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe\n", b"{}\n", b'{"event":"unheard","at":"x"}\n', b"null\n"]
)
def test_a_damaged_line_is_counted_and_the_others_obeyed(tmp_path: Path, damage: bytes) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Enqueued(AT, [A]))
    with (tmp_path / "j").open("ab") as file:
        file.write(damage)
    journal.append(Enqueued(AT, [B]))
    assert set(ledger_of(journal, "ab").open) == {"a", "b"}
    assert [line for _, line in journal.lines()].count(None) == 1


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Enqueued(AT, [A]))
    before = (tmp_path / "j").read_bytes()
    with (
        file_size_limit(len(before) + 10),
        pytest.raises(SpoolFullError, match="nothing was changed, make room"),
    ):
        journal.append(Enqueued(AT, [B]))
    assert (tmp_path / "j").read_bytes() == before


def test_a_journal_that_is_a_link_or_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(SpoolError, match="cannot be written"):
        Journal(tmp_path / "link").append(Enqueued(AT, [A]))
    (tmp_path / "folder").mkdir()
    with pytest.raises(SpoolError, match="cannot be read"):
        list(Journal(tmp_path / "folder").lines())
    with pytest.raises(SpoolError, match="cannot be read"):
        Journal(tmp_path / "folder").last(1)


def test_a_named_pipe_in_its_place_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "journal.jsonl")
    with pytest.raises(SpoolError, match="cannot be read: no regular file"):
        list(Journal(tmp_path / "journal.jsonl").lines())
