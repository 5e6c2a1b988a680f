import json

from support.client_world import NOW
from vox_telemetry_client.batch import Batch, compose_all
from vox_telemetry_client.split import halve
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.envelope import Producer
from vox_telemetry_spec.registry import Registry


def _batch(events: int) -> Batch:
    runs = [[{"n": number} for number in range(events)]]
    (batch,) = compose_all(runs, producer=Producer("p", "1"), approved_at=NOW, random=bytes)
    return batch


def _halves(events: int) -> list[Batch]:
    return halve(_batch(events), Contracts(Registry.load()), now=NOW, random=bytes)


def test_every_event_is_in_one_half_in_its_order() -> None:
    halves = [json.loads(half.payload) for half in _halves(5)]
    assert [[event["n"] for event in half["events"]] for half in halves] == [[0, 1], [2, 3, 4]]
    assert {half["producer"]["name"] for half in halves} == {"p"}


def test_the_halves_have_ids_that_sort_and_counts_that_match() -> None:
    first, second = _halves(4)
    assert first.batch_id < second.batch_id
    assert (first.event_count, second.event_count) == (2, 2)
    assert json.loads(first.payload)["batch_id"] == first.batch_id


def test_one_event_cannot_be_halved() -> None:
    assert _halves(1) == []
