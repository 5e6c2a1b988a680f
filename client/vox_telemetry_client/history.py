"""The journal read once from its beginning, line by line; no more than one line is in memory."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.errors import SpoolError, os_words
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import (
    REJECTED,
    Acknowledged,
    Attempt,
    Discarded,
    Enqueued,
    Line,
    Rejected,
    Retried,
    Split,
)
from vox_telemetry_spec.times import parse_time


@dataclass(frozen=True)
class Entry:
    """One line; `number` counts from 1, `line` is None where it is damaged or decides nothing."""

    number: int
    line: Line | None


@dataclass
class Fate:
    """What became of one batch: which bytes were approved, and whether they lie set aside."""

    approval: Approval | None = None
    is_set_aside: bool = False
    is_discarded: bool = False
    is_settled: bool = False  # the sink holds it, or its halves took its place


def entries(path: Path) -> Iterator[Entry]:
    """Yield every line that is not empty; an absent journal has none.

    Raises:
        SpoolError: it is there and cannot be read.

    """
    # Which lines decide, the journal knows; they are counted beside it.
    decided = Journal(path).lines()
    end_bytes, line = next(decided, (0, None))
    at_bytes = 0
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, 1):
                at_bytes += len(text)
                while end_bytes < at_bytes and (found := next(decided, None)) is not None:
                    end_bytes, line = found
                if text.strip():
                    yield Entry(number, line if end_bytes == at_bytes else None)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise SpoolError(f"the journal {path} cannot be read: {os_words(exc)}") from exc


def is_within(entry: Entry, since: datetime | None, batch: str | None) -> bool:
    """Tell whether a line is not older than `since` and names a batch that begins with `batch`.

    A damaged line names no batch; one whose time cannot be read may be of any time.
    """
    if entry.line is None:
        return batch is None
    at = parse_time(entry.line.at)
    if since is not None and at is not None and at < since:
        return False
    return batch is None or any(one.startswith(batch) for one in named(entry.line))


def named(line: Line) -> list[str]:
    """Return the ids of the batches that a line names."""
    if isinstance(line, Enqueued | Retried):
        return [approval.batch_id for approval in line.batches]
    if isinstance(line, Split):
        return [line.batch_id, *(approval.batch_id for approval in line.batches)]
    if isinstance(line, Attempt | Acknowledged | Rejected):
        return [line.batch_id]
    if isinstance(line, Discarded):
        return line.batch_ids
    return []


def fates(journal: Path, wanted: Collection[str]) -> dict[str, Fate]:
    """Return the fate of each wanted batch; one that no line names has an empty one.

    Raises:
        SpoolError: the journal is there and cannot be read.

    """
    found = {batch_id: Fate() for batch_id in wanted}
    for _, line in Journal(journal).lines():
        if line is None:
            continue
        for batch_id in named(line):
            if batch_id in found:
                _turn(found[batch_id], batch_id, line)
    return found


def _turn(fate: Fate, batch_id: str, line: Line) -> None:
    if isinstance(line, Enqueued | Split | Retried):
        for approval in line.batches:
            if approval.batch_id == batch_id:
                fate.approval = approval
                fate.is_set_aside = fate.is_discarded = False
                return
    if isinstance(line, Acknowledged | Split):
        fate.is_settled = True
    elif isinstance(line, Rejected):
        fate.is_set_aside, fate.is_discarded = True, False
    elif isinstance(line, Discarded) and (line.room != REJECTED or fate.is_set_aside):
        fate.is_discarded = True
