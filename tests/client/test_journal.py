import json
import stat
from pathlib import Path

import pytest

from support.client_world import file_size_limit
from vox_telemetry_client.batch import Approval
from vox_telemetry_client.consent import Consent, State, granted
from vox_telemetry_client.errors import SpoolError, SpoolFullError
from vox_telemetry_client.journal import (
    Acknowledged,
    Attempt,
    ConsentDecided,
    Discarded,
    Enqueued,
    Journal,
    Pruned,
    Rejected,
    Split,
)
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt

AT = "2026-11-22T12:00:00.000Z"
A, B, C = (Approval(name, "0" * 64, 3, 100) for name in "abc")


def test_a_line_is_readable_json_with_its_event_first(tmp_path: Path) -> None:
    Journal(tmp_path / "j").append(Enqueued(AT, [A]))
    Journal(tmp_path / "j").append(Attempt(AT, "a", "retry", 503))
    assert (tmp_path / "j").read_text().splitlines() == [
        (
            '{"event":"enqueued","at":"2026-11-22T12:00:00.000Z","batches":[{"batch_id":"a",'
            '"payload_sha256":"0000000000000000000000000000000000000000000000000000000000000000",'
            '"event_count":3,"byte_count":100}]}'
        ),
        '{"event":"attempt","at":"2026-11-22T12:00:00.000Z","batch_id":"a","duty":"retry","status":503}',
    ]
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o600


def test_the_ledger_is_the_sum_of_the_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert journal.ledger().open == {}
    journal.append(Enqueued(AT, [A, B]))
    assert journal.ledger().open == {"a": A, "b": B}
    journal.append(Split(AT, "a", [C]))
    assert journal.ledger().open == {"b": B, "c": C}
    journal.append(Acknowledged(AT, "b", Receipt("b", "0" * 64, 3, AT)))
    journal.append(Rejected(AT, "c", Problem(title="no")))
    ledger = journal.ledger()
    assert ledger.open == {}
    assert {name: (old, type(line).__name__) for name, (old, line) in ledger.closed.items()} == {
        "a": (A, "Split"),
        "b": (B, "Acknowledged"),
        "c": (C, "Rejected"),
    }
    assert (ledger.acknowledged_batches, ledger.acknowledged_events) == (1, 3)
    assert Journal(tmp_path / "j").ledger() == ledger


def test_what_a_grant_includes_and_a_person_discards(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    given = granted(None, at=AT, url="https://a/", contract="v1", contract_sha256="1")
    journal.append(Enqueued(AT, [A, B, C]))
    journal.append(ConsentDecided(AT, given, ["a", "b"]))
    journal.append(ConsentDecided(AT, Consent(State.DENIED, AT)))
    assert journal.ledger().included == {"a": AT, "b": AT}
    discarded = Discarded(AT, ["a", "c"], "consent deny --purge")
    journal.append(discarded)
    ledger = Journal(tmp_path / "j").ledger()
    assert (ledger.included, list(ledger.open)) == ({"b": AT}, ["b"])
    assert ledger.closed == {"a": (A, discarded), "c": (C, discarded)}
    assert (tmp_path / "j").read_text().splitlines()[2] == (
        '{"event":"consent","at":"2026-11-22T12:00:00.000Z",'
        '"consent":{"state":"denied","at":"2026-11-22T12:00:00.000Z"}}'
    )


def test_another_process_is_read_along(tmp_path: Path) -> None:
    mine, other = Journal(tmp_path / "j"), Journal(tmp_path / "j")
    mine.append(Enqueued(AT, [A]))
    assert set(mine.ledger().open) == {"a"}
    other.append(Enqueued(AT, [B]))
    assert set(mine.ledger().open) == {"a", "b"}


@pytest.mark.parametrize("lost_bytes", [1, 2, 5])
def test_a_line_cut_short_decides_nothing_and_the_next_starts_anew(
    tmp_path: Path, lost_bytes: int
) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Enqueued(AT, [A]))
    whole = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(whole + whole.replace(b'"a"', b'"c"')[:-lost_bytes])
    assert set(journal.ledger().open) == {"a"}
    journal.append(Enqueued(AT, [B]))
    ledger = Journal(tmp_path / "j").ledger()
    assert set(ledger.open) == {"a", "b"}
    assert ledger.unreadable_lines == 1
    assert journal.ledger() == ledger


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe\n", b"{}\n", b'{"event":"unheard","at":"x"}\n', b"null\n"]
)
def test_a_damaged_line_is_counted_and_the_others_obeyed(tmp_path: Path, damage: bytes) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Enqueued(AT, [A]))
    with (tmp_path / "j").open("ab") as file:
        file.write(damage)
    journal.append(Enqueued(AT, [B]))
    assert set(journal.ledger().open) == {"a", "b"}
    assert journal.ledger().unreadable_lines == 1


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
        Journal(tmp_path / "folder").ledger()


def test_every_line_is_one_line(tmp_path: Path) -> None:
    Journal(tmp_path / "j").append(Rejected(AT, "a", Problem(title="two\nlines")))
    assert [json.loads(line)["event"] for line in (tmp_path / "j").read_text().splitlines()] == [
        "rejected"
    ]


def test_a_batch_was_enqueued_from_its_line_on(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(Attempt(AT, "a", "retry", 503))
    journal.append(Pruned(AT, "/x/m.db", "mine.yaml", {"research_metrics": 3}))
    assert not journal.ledger().was_enqueued("a")
    journal.append(Enqueued(AT, [A, B]))
    journal.append(Split(AT, "a", [C]))
    journal.append(Acknowledged(AT, "b", Receipt("b", "0" * 64, 3, AT)))
    journal.append(Rejected(AT, "c", Problem(title="no")))
    assert [journal.ledger().was_enqueued(one) for one in "abcd"] == [True, True, True, False]
    assert journal.ledger().unreadable_lines == 0
