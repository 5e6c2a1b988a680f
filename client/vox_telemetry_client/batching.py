"""Fill batches: as many events in each as the wire's limits and the operator allow. Pure."""

from collections.abc import Iterable, Iterator

from vox_telemetry_spec.strict_json import JsonValue, encode


def fill(
    events: Iterable[JsonValue], *, max_events: int, max_bytes: int
) -> Iterator[list[JsonValue]]:
    """Yield runs of events, in order, each of at most `max_events` and `max_bytes` with its commas.

    An event longer than `max_bytes` comes alone. No contract admits one: it would be refused first.
    """
    batch: list[JsonValue] = []
    size = 0
    for event in events:
        length = len(encode(event)) + 1
        if batch and (len(batch) == max_events or size + length > max_bytes):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += length
    if batch:
        yield batch
