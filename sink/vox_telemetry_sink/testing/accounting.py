"""Compare the client's journal with its folders and with the sink: is every event somewhere? Pure.

enqueued = acknowledged + pending + rejected + discarded, and acknowledged = rows in the sink
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

# As the journal calls them.
PENDING, ACKNOWLEDGED, REJECTED, DISCARDED = "pending", "acknowledged", "rejected", "discarded"


class Accounts(NamedTuple):
    """What the two ends say, by batch id where it is a mapping; all numbers are of events.

    Of a batch whose bytes are not the approved ones, the machine cannot tell its events: None.
    """

    journal: Sequence[Mapping[str, Any]]
    pending: int
    set_aside: Mapping[str, int | None]
    stored: Mapping[str, int]


class _Book:
    """Where each batch is, as the journal has it."""

    def __init__(self, journal: Sequence[Mapping[str, Any]]) -> None:
        self.events: dict[str, int] = {}
        self.place: dict[str, str] = {}
        self.enqueued = 0
        for line in journal:
            self._follow(line)

    def total(self, place: str) -> int:
        return sum(self.events.get(one, 0) for one, found in self.place.items() if found == place)

    def ids(self, place: str) -> list[str]:
        return [one for one, found in self.place.items() if found == place]

    def _follow(self, line: Mapping[str, Any]) -> None:
        kind = line["event"]
        if kind == "split":
            self.place.pop(line["batch_id"], None)
        for one in line.get("batches", ()):
            self.events[one["batch_id"]] = one["event_count"]
            self.place[one["batch_id"]] = PENDING
            self.enqueued += one["event_count"] if kind == "enqueued" else 0
        if kind in (ACKNOWLEDGED, REJECTED):
            self.place[line["batch_id"]] = kind
        for one in line.get("batch_ids", ()):
            self.place[one] = DISCARDED


def differences(accounts: Accounts) -> Iterator[str]:
    """Yield a sentence for each event, or batch of them, that is nowhere or in two places."""
    book = _Book(accounts.journal)
    ends = {place: book.total(place) for place in (ACKNOWLEDGED, PENDING, REJECTED, DISCARDED)}
    if book.enqueued != sum(ends.values()):
        told = " + ".join(f"{number} {place}" for place, number in ends.items())
        yield f"enqueued {book.enqueued} events, got {told} = {sum(ends.values())}"
    if accounts.pending != ends[PENDING]:
        yield f"{accounts.pending} events wait in pending/, expected {ends[PENDING]}"
    set_aside = {
        one: book.events.get(one, 0) if number is None else number
        for one, number in accounts.set_aside.items()
    }
    yield from _compared(set_aside, book, REJECTED, "in rejected/")
    yield from _compared(accounts.stored, book, ACKNOWLEDGED, "stored by the sink")


def _compared(found: Mapping[str, int], book: _Book, place: str, words: str) -> Iterator[str]:
    expected = Counter({one: book.events.get(one, 0) for one in book.ids(place)})
    for one in sorted(expected.keys() | found.keys()):
        if one not in expected:
            yield f"batch {one}: {found[one]} events are {words}, {_is(book, one)}"
        elif found.get(one, 0) != expected[one]:
            yield (
                f"batch {one}: {found.get(one, 0)} events are {words}, expected "
                f"{expected[one]}: it was {place}"
            )


def _is(book: _Book, batch_id: str) -> str:
    place = book.place.get(batch_id)
    if place is None:
        return "and the journal does not know it"
    return (
        f"but it is {place}: no receipt came, upload again"
        if place == PENDING
        else (f"but it is {place}")
    )
