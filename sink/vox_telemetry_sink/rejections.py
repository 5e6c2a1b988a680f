"""What was refused, without a value: one by one, and counted by problem and rule."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from vox_telemetry_sink.database import QUERIES, Connection, mapped_driver_errors
from vox_telemetry_spec.times import format_time
from vox_telemetry_spec.violations import Violation


class ListedRejection(msgspec.Struct, frozen=True):
    """One refused batch, as documents hold it."""

    rejection_id: int
    rejected_at: str
    key_id: str
    problem: str
    violations: list[Violation]
    content_sha256: str
    coded_bytes: int


class ProblemCount(NamedTuple):
    """How many batches of how many keys a problem type refused."""

    problem: str
    batches: int
    keys: int


class RuleCount(NamedTuple):
    """How often a rule was broken in batches that a problem type refused."""

    problem: str
    rule: str
    violations: int
    batches: int
    keys: int


async def list_rejections(
    connection: Connection, since: datetime, at_most: int
) -> list[ListedRejection]:
    """Return the rejections since a time, the latest first.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    with mapped_driver_errors():
        rows = await connection.fetch(QUERIES["list_rejections"], since, at_most)
    return [
        ListedRejection(
            number,
            format_time(rejected_at),
            key_id,
            problem,
            msgspec.json.decode(violations, type=list[Violation]),
            sha256.hex(),
            coded_bytes,
        )
        for number, rejected_at, key_id, problem, violations, sha256, coded_bytes in rows
    ]


async def count_rejections(
    connection: Connection, since: datetime
) -> tuple[list[ProblemCount], list[RuleCount]]:
    """Return the counts by problem and by rule since a time, the most frequent first.

    For operators: small groups are not hidden here, they are in the views of the reader's role.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    with mapped_driver_errors():
        problems = await connection.fetch(QUERIES["count_rejections"], since)
        rules = await connection.fetch(QUERIES["count_rejections_by_rule"], since)
    return [ProblemCount(*row) for row in problems], [RuleCount(*row) for row in rules]
