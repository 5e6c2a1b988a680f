"""A line of the journal in words, for a person; one function for each kind of line."""

from functools import singledispatch
from pathlib import Path

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.counting import counted, n_batches, n_events
from vox_telemetry_client.journal_lines import (
    Acknowledged,
    Attempt,
    Cleaned,
    ConsentDecided,
    Discarded,
    Enqueued,
    Foreign,
    Line,
    Pruned,
    Rejected,
    Retried,
    Split,
)


@singledispatch
def in_words(line: Line) -> str:
    """Return a line's facts; a kind without a function below is a mistake of ours."""
    raise TypeError(f"{type(line).__name__} has no words, expected a function here")


@in_words.register
def _enqueued(line: Enqueued) -> str:
    return f"{_count(line.batches)} approved"


@in_words.register
def _attempt(line: Attempt) -> str:
    return f"answer {line.status or 'none'}: {line.duty}"


@in_words.register
def _acknowledged(line: Acknowledged) -> str:
    duplicate = ", held before" if line.duplicate else ""
    receipt = line.receipt
    return f"receipt of {receipt.received_at} for {n_events(receipt.event_count)}{duplicate}"


@in_words.register
def _rejected(line: Rejected) -> str:
    return f"set aside: {line.problem.status or ''} {line.problem.title or line.problem.type}"


@in_words.register
def _split(line: Split) -> str:
    return f"too large, replaced by {', '.join(one.batch_id for one in line.batches)}"


@in_words.register
def _retried(line: Retried) -> str:
    return f"{_count(line.batches)} put back"


@in_words.register
def _discarded(line: Discarded) -> str:
    return f"{n_batches(len(line.batch_ids))} deleted: {line.reason}"


@in_words.register
def _consent(line: ConsentDecided) -> str:
    pending = ", with all that was pending" if line.include_pending else ""
    return f"{line.consent.state}{pending}"


@in_words.register
def _pruned(line: Pruned) -> str:
    tables = ", ".join(f"{table} {rows}" for table, rows in line.tables.items())
    return f"rows deleted from {Path(line.database).name}: {tables}"


@in_words.register
def _foreign(line: Foreign) -> str:
    files = counted(len(line.names), "file that is no batch", "files that are no batches")
    return f"{files} moved to {line.folder}"


@in_words.register
def _cleaned(line: Cleaned) -> str:
    return f"{counted(len(line.files), 'file', 'files')} deleted: {line.reason}"


def _count(approved: list[Approval]) -> str:
    return f"{n_batches(len(approved))} with {n_events(sum(one.event_count for one in approved))}"
