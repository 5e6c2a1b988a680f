"""The quick check of a batch says yes only where each event would pass alone."""

import base64
import copy
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.events import lane_events, usage_events
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.quick_check import QuickCheck
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.violations import Violation

CHECKER = Checker.load()
NOW = datetime(2026, 11, 22, tzinfo=UTC)
S1 = SensitivityClass.S1


def one_by_one(events: list[Any], now: datetime = NOW) -> list[Violation]:
    return [
        violation
        for index, event in enumerate(events)
        for violation in CHECKER.check_event(event, index, now=now, ceiling=S1)
    ]


def together(events: list[Any], now: datetime = NOW) -> list[Violation]:
    return CHECKER.check_batch(events, now=now, ceiling=S1).violations


@pytest.fixture
def no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where the quick check has not answered by itself."""

    def look(*_args: object, **_options: object) -> None:
        raise AssertionError("the events were looked at one by one")

    monkeypatch.setattr(Checker, "check_event", look)


@pytest.mark.usefixtures("no_second_look")
def test_real_events_need_no_second_look() -> None:
    events = usage_events()
    checked = CHECKER.check_batch(events[:2000], now=NOW, ceiling=S1)
    assert checked.violations == []
    assert [family.family for family in checked.families] == ["benchmark"] * 2000


@pytest.mark.usefixtures("no_second_look")
def test_kinds_may_be_mixed() -> None:
    build = {
        "metric_type": "build.summary",
        "session_id": "build:b1",
        "recorded_at": "2026-11-21T23:19:37.381Z",
        "metric_value": None,
        "metadata": {
            "build_id": "b1",
            "outcome": "success",
            "wall_time_ms": 5,
            "crates_compiled": 1,
            "error_count": 0,
        },
    }
    events: list[Any] = [*lane_events()[:2], build, lane_events()[2]]
    checked = CHECKER.check_batch(events, now=NOW, ceiling=S1)
    assert [family.family for family in checked.families] == [
        "benchmark",
        "benchmark",
        "build_summary",
        "benchmark",
    ]


def test_a_batch_that_needs_a_second_look_has_its_families_too() -> None:
    decision = {
        "metric_type": "attention.decision",
        "session_id": "attention:vox",
        "recorded_at": "2026-11-21T10:00:00Z",
        "metric_value": None,
        "metadata": {
            "surface": "mcp_chat",
            "decision": "defer_until_checkpoint",
            "reason": "backlog_full",
            "timestamp_ms": 1795000000000,
        },
    }
    checked = CHECKER.check_batch([decision, lane_events()[0]], now=NOW, ceiling=S1)
    assert checked.violations == []
    assert [family.family for family in checked.families] == ["attention", "benchmark"]


def test_many_distinct_texts_are_not_all_remembered() -> None:
    checker = Checker.load()
    events: list[Any] = usage_events()
    for first in range(0, 8000, 2000):
        run = copy.deepcopy(events[first : first + 2000])
        for number, event in enumerate(run):
            event["metadata"]["details"] = {
                f"lane_{letter}": f"{letter}{first + number:05d}" for letter in "abc"
            }
        assert checker.check_batch(run, now=NOW, ceiling=S1).violations == []
    assert max(map(len, checker._quick._proven.values())) <= 16_384 + 3 * 2000


MUTATIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no object": lambda _: "text",
    "a list": lambda event: [event],
    "null": lambda _: None,
    "no kind": lambda event: event.pop("metric_type"),
    "a kind that is no text": lambda event: event.update(metric_type=["benchmark_event"]),
    "an unknown kind": lambda event: event.update(metric_type="mystery"),
    "a local kind": lambda event: event.update(metric_type="vox.audit.run"),
    "no time": lambda event: event.pop("recorded_at"),
    "no real day": lambda event: event.update(recorded_at="2026-02-30T00:00:00Z"),
    "an hour 24": lambda event: event.update(recorded_at="2026-11-20T24:00:00Z"),
    "a second 60": lambda event: event.update(recorded_at="2026-11-20T23:59:60Z"),
    "the future": lambda event: event.update(recorded_at="2026-11-22T00:10:00.001Z"),
    "too old": lambda event: event.update(recorded_at="2025-10-17T23:59:59.999Z"),
    "an unknown member": lambda event: event.update(note="x"),
    "a forbidden name": lambda event: event["metadata"]["details"].update(prompt=1),
    "a name no contract has": lambda event: event["metadata"]["details"].update(Upper=1),
    "a name with a line break": lambda event: event["metadata"]["details"].update({"ms\n": 1}),
    "an address": lambda event: event["metadata"]["details"].update(lane="192.168.17.44"),
    "a path": lambda event: event["metadata"].update(name="/home/alice/x"),
    "a hidden path": lambda event: event["metadata"].update(name="L2hvbWUvYWxpY2UvcHJvag"),
    "a key": lambda event: event.update(session_id="bench:AKIAIOSFODNN7EXAMPLE"),
    "a null measure": lambda event: event["metadata"]["details"].update(lane=None),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_one_bad_event_is_found_where_it_is(mutation: str) -> None:
    events: list[Any] = copy.deepcopy(lane_events()[:5])
    made = MUTATIONS[mutation](events[3])
    if mutation in {"no object", "a list", "null"}:
        events[3] = made
    found = together(events)
    assert found
    assert {violation.event for violation in found} == {3}
    assert found == one_by_one(events)


@pytest.mark.parametrize(
    "offset_s", [599, 600, 600.001, 601, -34_559_999, -34_560_000, -34_560_001]
)
def test_the_window_is_the_same_to_the_millisecond(offset_s: float) -> None:
    events = lane_events()[:1]
    moment = NOW + timedelta(seconds=offset_s)
    events[0]["recorded_at"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert together(events) == one_by_one(events)
    assert (together(events) == []) == (-34_560_000 <= offset_s <= 600)


def test_it_stops_at_the_number_asked_for() -> None:
    events: list[Any] = ["no object"] * 10
    checked = CHECKER.check_batch(events, now=NOW, ceiling=S1, at_most=4)
    assert checked.violations == [Violation(index, "", "contract.type") for index in range(4)]


TEXTS = st.one_of(
    st.text(max_size=20),
    st.from_regex(r"[A-Za-z0-9_.:+-]{1,30}", fullmatch=True),
    st.sampled_from(["fe80::1", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "10:00:00", "v1.2.3"]),
)


HIDDEN = st.builds(
    lambda text, hide: hide(text.encode()),
    st.sampled_from(["/home/alice/x", "alice@example.org", "C:\\Users\\alice", "plain words only"]),
    st.sampled_from(
        [
            bytes.hex,
            lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
            lambda raw: f"lane-{raw.hex('.')}",
        ]
    ),
)


@pytest.fixture(scope="module")
def warm() -> Checker:
    """Make a checker that has met so many texts that it searches all new ones together."""
    checker = Checker.load()
    for first in range(0, 1000, 100):
        checker.check_batch(usage_events()[first : first + 100], now=NOW, ceiling=S1)
    assert "_search" in vars(checker._scanner._tokens)
    return checker


@settings(max_examples=60, deadline=None)
@given(lanes=st.lists(st.one_of(TEXTS, HIDDEN), min_size=2, max_size=40))
def test_a_warm_process_judges_as_a_cold_one(lanes: list[str], warm: Checker) -> None:
    events = copy.deepcopy(lane_events()[:40])
    for event, lane in zip(events, lanes, strict=False):
        event["metadata"]["details"] = {"lane": lane}
    CHECKER._scanner.forget()
    assert warm.check_batch(events, now=NOW, ceiling=S1).violations == one_by_one(events)


def test_a_process_that_meets_few_texts_compiles_no_search() -> None:
    checker = Checker.load()
    checker.check_batch(usage_events()[:100], now=NOW, ceiling=S1)
    assert "_search" not in vars(checker._scanner._tokens)


def test_rules_look_only_at_what_the_search_finds(
    warm: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    look = warm._scanner._rules_of_text

    def note(text: str) -> set[str]:
        looked_at.append(text)
        return look(text)

    monkeypatch.setattr(warm._scanner, "_rules_of_text", note)
    events = copy.deepcopy(lane_events()[:100])
    for number, event in enumerate(events):
        event["metadata"]["name"] = f"test.test_unmet.{event['metadata']['name']}"
        event["metadata"]["details"] = {"commit": hashlib.sha1(b"%d" % number).hexdigest()}  # noqa: S324 -- as git does
    assert warm.check_batch(events, now=NOW, ceiling=S1).violations == []
    assert len(looked_at) <= 10


@settings(max_examples=300, deadline=None)
@given(
    lane=st.one_of(TEXTS, st.none(), st.booleans(), st.floats(allow_nan=False), st.integers()),
    name=TEXTS,
    key=st.one_of(TEXTS, st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)),
)
def test_together_and_one_by_one_agree(lane: object, name: str, key: str) -> None:
    events = copy.deepcopy(lane_events()[:3])
    events[1]["metadata"]["details"] = {key: lane}
    events[2]["metadata"]["name"] = name
    assert together(events) == one_by_one(events)


def test_every_contract_without_refused_words_is_planned() -> None:
    """Those left out declare a list of segments or a name that the rules refuse: S2, looked at."""
    quick = QuickCheck(CHECKER.contracts, CHECKER._scanner)
    families = CHECKER.contracts.registry.families
    planned = {family.family for family in families if quick.plan_of(family) is not None}
    uploadable = {one.family for one in families if CHECKER.contracts.of(one) is not None}
    assert uploadable - planned <= {
        "attention",
        "completion_finding_s2",
        "mcp_surface",
        "mcp_surface_s2",
        "workflow_journal_s2",
    }
