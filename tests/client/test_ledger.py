from pathlib import Path

import pytest

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.consent import Consent, State, granted
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import (
    Acknowledged,
    Attempt,
    ConsentDecided,
    Discarded,
    Ended,
    Enqueued,
    Pruned,
    Rejected,
    Split,
)
from vox_telemetry_client.ledger import Ledger, ledger_of
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt

AT = "2026-11-22T12:00:00.000Z"
A, B, C = (Approval(name, "0" * 64, 3, 100) for name in "abc")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "j")


def test_the_ledger_is_the_sum_of_the_lines(journal: Journal) -> None:
    ledger = ledger_of(journal, "abc")
    assert ledger.open == {}
    journal.append(Enqueued(AT, [A, B]))
    assert ledger.follow(journal).open == {"a": A, "b": B}
    journal.append(Split(AT, "a", [C]))
    assert ledger.follow(journal).open == {"b": B, "c": C}
    journal.append(Acknowledged(AT, "b", Receipt("b", "0" * 64, 3, AT)))
    journal.append(Rejected(AT, "c", Problem(title="no")))
    assert ledger.follow(journal).open == {}
    assert {name: (old, type(line).__name__) for name, (old, line) in ledger.closed.items()} == {
        "a": (A, "Split"),
        "b": (B, "Acknowledged"),
        "c": (C, "Rejected"),
    }
    assert ledger_of(journal, "abc").closed == ledger.closed


def test_only_batches_that_are_asked_for_are_held_and_the_halves_of_them(journal: Journal) -> None:
    journal.append(Enqueued(AT, [A, B]))
    journal.append(Split(AT, "b", [C]))
    assert (ledger_of(journal, "a").open, ledger_of(journal, "a").closed) == ({"a": A}, {})
    assert set(ledger_of(journal, "b").open) == {"c"}  # its half
    assert set(ledger_of(journal, "c").open) == {"c"}  # a half, without what it was made of
    assert ["b" in ledger_of(journal, "b"), "a" in ledger_of(journal, "b")] == [True, False]
    assert ledger_of(journal, "ac").ends("ac") == Ended(6, 200)
    assert ledger_of(journal, "ac").ends("abc") is None
    assert ledger_of(journal, "a").ends("b") is None


def test_a_grant_includes_what_is_open_at_its_line(journal: Journal) -> None:
    given = granted(None, at=AT, url="https://a/", contract="v1", contract_sha256="1")
    journal.append(Enqueued(AT, [A, B]))
    journal.append(ConsentDecided(AT, given))
    assert ledger_of(journal, "abc").included == {}
    journal.append(ConsentDecided(AT, given, include_pending=True))
    journal.append(ConsentDecided(AT, Consent(State.DENIED, AT)))
    journal.append(Enqueued(AT, [C]))
    assert ledger_of(journal, "abc").included == {"a": AT, "b": AT}
    discarded = Discarded(AT, ["a", "c"], "consent deny --purge")
    journal.append(discarded)
    ledger = ledger_of(journal, "abc")
    assert (ledger.included, list(ledger.open)) == ({"b": AT}, ["b"])
    assert ledger.closed == {"a": (A, discarded), "c": (C, discarded)}


def test_a_batch_was_enqueued_from_its_line_on(journal: Journal) -> None:
    journal.append(Attempt(AT, "a", "retry", 503))
    journal.append(Pruned(AT, "/x/m.db", "mine.yaml", {"research_metrics": 3}))
    assert not ledger_of(journal, "a").was_enqueued("a")
    journal.append(Enqueued(AT, [A, B]))
    journal.append(Split(AT, "a", [C]))
    journal.append(Acknowledged(AT, "b", Receipt("b", "0" * 64, 3, AT)))
    journal.append(Rejected(AT, "c", Problem(title="no")))
    ledger: Ledger = ledger_of(journal, "abcd")
    assert [ledger.was_enqueued(one) for one in "abcd"] == [True, True, True, False]
