from pathlib import Path

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.consent import granted
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import (
    REJECTED,
    Acknowledged,
    Attempt,
    ConsentDecided,
    Discarded,
    Ended,
    Enqueued,
    Rejected,
    Retried,
    Split,
)
from vox_telemetry_client.tally import Sums, Tally
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt

AT = "2026-11-22T12:00:00.000Z"
A, B, C, D, E = (Approval(name, "0" * 64, 4, 100) for name in "abcde")
HALVES = [Approval(name, "0" * 64, 2, 60) for name in "xy"]


def test_what_is_open_is_known_by_its_sums(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Enqueued(AT, [A, B, C, D]))
    journal.append(Enqueued(AT, [E]))
    journal.append(Attempt(AT, "a", "acknowledge", 201))
    journal.append(Acknowledged(AT, "a", Receipt("a", "0" * 64, 4, AT), ended=Ended(4, 100)))
    journal.append(Split(AT, "b", HALVES, Ended(4, 100)))
    journal.append(Rejected(AT, "c", Problem(), Ended(4, 100)))
    journal.append(Rejected(AT, "nobody", Problem()))
    journal.append(Discarded(AT, ["d"], "", Ended(4, 100)))
    tally = Tally().follow(journal)
    expected = Sums()
    for left in ("e", "x", "y"):
        expected.add_id(left)
    assert tally.open.parts == expected.parts
    assert (tally.open.batches, tally.open.events, tally.open.bytes) == (3, 8, 220)
    assert (tally.acknowledged_batches, tally.acknowledged_events) == (1, 4)
    assert tally.last_acknowledged is not None
    assert tally.last_acknowledged.batch_id == "a"


def test_a_line_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    (tmp_path / "j").write_bytes(b"damaged\n\n\xff\n")
    journal.append(Enqueued(AT, [A]))
    tally = Tally().follow(journal)
    assert (tally.unreadable_lines, tally.open.batches) == (2, 1)


def test_a_grant_that_includes_what_is_pending_is_known_by_its_time(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    given = granted(None, at=AT, url="https://a/", contract="v1", contract_sha256="1")
    journal.append(ConsentDecided(AT, given))
    assert not Tally(AT).follow(journal).includes_pending
    journal.append(ConsentDecided(AT, given, include_pending=True))
    assert Tally(AT).follow(journal).includes_pending
    assert not Tally("2026-11-22T12:00:00.001Z").follow(journal).includes_pending


def test_lines_of_the_format_before_ended_are_looked_up(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Enqueued(AT, [A, B, C, D, E]))
    journal.append(Acknowledged(AT, "a", Receipt("a", "0" * 64, 4, AT)))
    journal.append(Split(AT, "b", HALVES))
    journal.append(Rejected(AT, "c", Problem()))
    journal.append(Discarded(AT, ["d", "nobody"], ""))
    journal.append(Discarded(AT, ["e"], "", room=REJECTED))
    journal.append(Rejected(AT, "x", Problem(), Ended(2, 60)))
    journal.append(Rejected(AT, "x", Problem()))  # once more, by other bytes under its name
    journal.append(Retried(AT, [C]))
    tally = Tally().follow(journal)
    expected = Sums()
    for left in ("e", "y", "c"):
        expected.add_id(left)
    assert tally.open.parts == expected.parts
    assert (tally.open.batches, tally.open.events, tally.open.bytes) == (3, 10, 260)
