"""Fill batches: as many events in each as the wire's limits and the operator allow. Pure.

Events come as their canonical bytes. In their order no other cut makes fewer batches.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass
class Filling:
    """Counts what the events so far make: batches, and their bytes with the commas between."""

    max_events: int
    max_bytes: int
    batches: int = 0
    total_bytes: int = 0
    _events: int = 0
    _bytes: int = 0

    def begins(self, length_bytes: int) -> bool:
        """Count one event; tell whether it is the first of a batch."""
        fits = self._events < self.max_events and self._bytes + 1 + length_bytes <= self.max_bytes
        if self._events and fits:
            self._events += 1
            self._bytes += 1 + length_bytes
            self.total_bytes += 1 + length_bytes
            return False
        self._events, self._bytes = 1, length_bytes
        self.batches += 1
        self.total_bytes += length_bytes
        return True


def fill(events: Iterable[bytes], *, max_events: int, max_bytes: int) -> Iterator[list[bytes]]:
    """Yield runs of events, in order, each of at most `max_events` and `max_bytes` with its commas.

    An event longer than `max_bytes` comes alone. No contract admits one: it would be refused first.
    """
    filling = Filling(max_events, max_bytes)
    batch: list[bytes] = []
    for event in events:
        if filling.begins(len(event)) and batch:
            yield batch
            batch = []
        batch.append(event)
    if batch:
        yield batch
