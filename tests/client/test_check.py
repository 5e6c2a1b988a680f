import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.events import benchmark_event
from vox_telemetry_client.check import Check, Checked, Refusal, Rules
from vox_telemetry_client.errors import InputRefusedError
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.strict_json import JsonValue

CORPUS = Path(__file__).parents[1] / "data" / "forbidden-fields.jsonl"


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker.load()


def _check(
    checker: Checker, *names: str, now: datetime | None = None
) -> tuple[Checked, list[JsonValue]]:
    kept: list[JsonValue] = []
    rules = Rules(checker, now or datetime.now(UTC))
    return Check(rules, keep=lambda run: kept.extend(map(json.loads, run))).inputs(names), kept


def _lines(path: Path, *events: object) -> str:
    path.write_text(
        "".join(f"{event if isinstance(event, str) else json.dumps(event)}\n" for event in events)
    )
    return str(path)


def test_what_may_be_sent_and_what_may_not(tmp_path: Path, checker: Checker) -> None:
    good, bad = benchmark_event(), benchmark_event(details={"lane": "/home/alice/x"})
    name = _lines(
        tmp_path / "e", good, bad, '{"a":1,"a":2}', "7", good | {"metric_type": "unheard"}
    )
    checked, kept = _check(checker, name)
    assert (checked.events, checked.accepted, kept, checked.not_json) == (5, 1, [good], [])
    found = {
        (refusal.event, refusal.line, refusal.pointer, refusal.rule) for refusal in checked.refused
    }
    assert {
        (2, 3, "/a", "json.duplicate-name"),
        (3, 4, "", "contract.type"),
        (4, 5, "/metric_type", "contract.unknown-metric-type"),
    } <= found
    assert {(event, pointer) for event, _, pointer, _ in found if event == 1} == {
        (1, "/metadata/details/lane")
    }
    assert "alice" not in repr(checked.refused)


def test_one_broken_file_does_not_hide_the_others(tmp_path: Path, checker: Checker) -> None:
    (tmp_path / "broken").write_text("[1,")
    good = _lines(tmp_path / "good", benchmark_event())
    checked, kept = _check(checker, str(tmp_path / "broken"), good)
    assert (checked.events, checked.accepted, len(kept)) == (3, 1, 1)
    assert [str(one) for one in checked.refused] == [
        f"{tmp_path}/broken: event 1: the event: json.syntax"
    ]
    assert len(checked.not_json) == 1


def test_a_missing_file_is_an_error(tmp_path: Path, checker: Checker) -> None:
    with pytest.raises(InputRefusedError, match="no such file"):
        _check(checker, str(tmp_path / "gone"))


def test_the_line_for_a_person_names_file_line_event_place_and_rule() -> None:
    refusal = Refusal("e.jsonl", 2, "/metadata/name", "path.posix", 4)
    assert str(refusal) == "e.jsonl:4: event 2: /metadata/name: path.posix"


def test_the_corpus_in_one_file_is_judged_line_by_line(tmp_path: Path, checker: Checker) -> None:
    cases = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    name = _lines(tmp_path / "corpus", *(case["line"] for case in cases))
    checked, _ = _check(checker, name, now=datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
    refused = {refusal.event for refusal in checked.refused}
    assert refused == {number for number, case in enumerate(cases) if case["expect"] == "refuse"}
    assert checked.events == len(cases)
