"""What was sent, by the journal: it was read from its beginning for each page, line by line."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vox_telemetry_client.consent import State
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import Acknowledged, ConsentDecided
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.proving import Checked, prove
from vox_telemetry_spec.keys import PublicKey


@dataclass(frozen=True)
class Sent:
    """One receipt; `number` counts the journal's receipts from 0, oldest first.

    `url` is the one that consent named then, empty where this journal does not hold that grant.
    """

    number: int
    line: Acknowledged
    url: str
    checked: Checked


@dataclass(frozen=True)
class SentRows:
    """The newest VIEW_PAGE_ROWS before one number, newest first.

    `before` begins the next page, 0 on the last; of all, `total` is said.
    """

    rows: list[Sent]
    before: int
    total: int


def rows(journal: Journal, keys: Mapping[str, PublicKey], before: int | None = None) -> SentRows:
    """Return a page; `keys` are all keys of sinks that were ever pinned, by id.

    Raises:
        SpoolError: the journal is there and cannot be read.

    """
    kept: deque[_Noted] = deque(maxlen=VIEW_PAGE_ROWS)
    total = 0
    for noted in _noted(journal):
        total += 1
        if before is None or noted.number < before:
            kept.append(noted)
    found = [_checked(noted, keys) for noted in reversed(kept)]
    return SentRows(found, found[-1].number if found else 0, total)


def find(journal: Journal, keys: Mapping[str, PublicKey], number: int) -> Sent | None:
    """Return one receipt, None where the journal has not so many.

    Raises:
        SpoolError: the journal is there and cannot be read.

    """
    found = next((one for one in _noted(journal) if one.number == number), None)
    return None if found is None else _checked(found, keys)


@dataclass(frozen=True)
class _Noted:
    number: int
    line: Acknowledged
    url: str


def _noted(journal: Journal) -> Iterator[_Noted]:
    number, url = 0, ""
    for _, line in journal.lines(attempts=False):
        if isinstance(line, ConsentDecided):
            url = line.consent.url if line.consent.state is State.GRANTED else ""
        if isinstance(line, Acknowledged):
            yield _Noted(number, line, url)
            number += 1


def _checked(noted: _Noted, keys: Mapping[str, PublicKey]) -> Sent:
    return Sent(noted.number, noted.line, noted.url, prove(noted.line, keys))
