"""Journals as the client writes them, made by hand, against what the ends are said to hold."""

from typing import Any

import pytest

from vox_telemetry_sink.testing.accounting import Accounts, differences


def enqueued(**events: int) -> dict[str, Any]:
    return {"event": "enqueued", "batches": approved(**events)}


def approved(**events: int) -> list[dict[str, Any]]:
    return [{"batch_id": one, "event_count": number} for one, number in events.items()]


ONE_OF_EACH = [
    enqueued(a=3, b=2),
    enqueued(c=5, d=1),
    {"event": "attempt", "batch_id": "a", "duty": "ack"},
    {"event": "acknowledged", "batch_id": "a", "receipt": {}},
    {"event": "rejected", "batch_id": "b", "problem": {}},
    {"event": "discarded", "batch_ids": ["d"], "reason": "prune"},
]
NO_RECEIPT = (
    "batch c: 5 events are stored by the sink, but it is pending: no receipt came, upload again"
)
GOOD = Accounts(ONE_OF_EACH, pending=5, set_aside={"b": 2}, stored={"a": 3})


def test_one_batch_in_each_place_is_all_accounted_for() -> None:
    assert list(differences(GOOD)) == []


def test_halves_take_the_place_of_what_was_split() -> None:
    journal = [
        enqueued(a=5),
        {"event": "split", "batch_id": "a", "batches": approved(a1=3, a2=2)},
        {"event": "acknowledged", "batch_id": "a1", "receipt": {}},
    ]
    good = Accounts(journal, pending=2, set_aside={}, stored={"a1": 3})
    assert list(differences(good)) == []
    lost = [*journal[:1], journal[1] | {"batches": approved(a1=3)}, *journal[2:]]
    assert list(differences(good._replace(journal=lost, pending=0))) == [
        "enqueued 5 events, got 3 acknowledged + 0 pending + 0 rejected + 0 discarded = 3"
    ]


def test_a_batch_whose_bytes_are_not_the_approved_ones_is_accounted_for() -> None:
    assert list(differences(GOOD._replace(set_aside={"b": None}))) == []


def test_a_batch_that_nobody_approved_counts_for_nothing() -> None:
    journal = [*ONE_OF_EACH, {"event": "rejected", "batch_id": "z", "problem": {}}]
    assert list(differences(GOOD._replace(journal=journal, set_aside={"b": 2, "z": None}))) == []


def test_what_was_put_back_waits_again() -> None:
    journal = [*ONE_OF_EACH, {"event": "retried", "batches": approved(b=2)}]
    assert list(differences(GOOD._replace(journal=journal, pending=7, set_aside={}))) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pending": 4}, "4 events wait in pending/, expected 5"),
        (
            {"stored": {"a": 2}},
            "batch a: 2 events are stored by the sink, expected 3: it was acknowledged",
        ),
        (
            {"stored": {}},
            "batch a: 0 events are stored by the sink, expected 3: it was acknowledged",
        ),
        (
            {"stored": {"a": 3, "c": 5}},
            NO_RECEIPT,
        ),
        (
            {"stored": {"a": 3, "b": 2}},
            "batch b: 2 events are stored by the sink, but it is rejected",
        ),
        (
            {"stored": {"a": 3, "z": 9}},
            "batch z: 9 events are stored by the sink, and the journal does not know it",
        ),
        ({"set_aside": {}}, "batch b: 0 events are in rejected/, expected 2: it was rejected"),
    ],
)
def test_each_difference_is_a_sentence(changes: dict[str, Any], said: str) -> None:
    assert list(differences(GOOD._replace(**changes))) == [said]
