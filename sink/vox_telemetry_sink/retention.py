"""What a retention policy means for the sink's tables; pure.

A batch's id must outlive its body: the primary key is what makes a repetition a duplicate. It can
be forgotten once the contract itself refuses the batch, when each of its events is older than
RECORDED_AT_MAX_AGE_S: an event's own time lies RECORDED_AT_MAX_AHEAD_S after its batch at most.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from vox_telemetry_spec.errors import RetentionRefusedError
from vox_telemetry_spec.limits import BATCH_ID_KNOWN_S
from vox_telemetry_spec.retention import RetentionKind, RetentionRule, cutoff

ID_KNOWN: Final = timedelta(seconds=BATCH_ID_KNOWN_S)
# A month's partition goes as a whole, so its first event may outlive the limit by so much.
_MONTH_MAX: Final = timedelta(days=31)
TIME_COLUMNS: Final = {
    "event": "received_at",
    "batch": "received_at",
    "rejection": "rejected_at",
    "duplicate_tally": "day",
    "enrolment_code": "expires_at",
    "admin_log": "logged_at",
}
# Without them a key or the schema would be misjudged.
_NEVER: Final = (
    "client_key",
    "anonymity",
    "schema_migration",
    "console_token",
    "console_session",  # the console sweeps its own
)


class Limits(NamedTuple):
    """The moment before which something goes; None where nothing goes by itself."""

    events: datetime | None
    bodies: datetime | None
    batches: datetime | None
    rejections: datetime | None
    codes: datetime | None
    admin_log: datetime | None
    duplicates: datetime | None


def limits_of(policy: Mapping[str, RetentionRule], now: datetime) -> Limits:
    """Return the limits of a checked policy; a table without a rule keeps its rows.

    Raises:
        RetentionRefusedError: a rule that this database cannot follow.

    """
    before = {table: _limit(table, policy.get(table), now) for table in TIME_COLUMNS}
    for table in _NEVER:
        if table in policy and cutoff(policy[table], now) is not None:
            raise RetentionRefusedError(f"table '{table}' is never pruned, expected keep_forever")
    events, bodies = before["event"], before["batch"]
    if events is not None and (bodies is None or bodies < events):
        raise RetentionRefusedError(
            "table 'batch' is kept longer than 'event', whose events its bodies hold: expected "
            "as many days at most"
        )
    return Limits(
        events,
        bodies,
        # As long as there are events, their batch says whose they are.
        None if events is None else min(now - ID_KNOWN, events - _MONTH_MAX),
        before["rejection"],
        before["enrolment_code"],
        before["admin_log"],
        before["duplicate_tally"],
    )


def expired_months(months: list[date], limit: datetime | None) -> list[date]:
    """Return those months (by their first day) that end before the limit."""
    return [month for month in months if limit is not None and month_bounds(month)[1] <= limit]


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """Return when a month begins and ends; partitions are months of UTC."""
    return _midnight(month.replace(day=1)), _midnight(_next(month))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _next(month: date) -> date:
    return (month.replace(day=1) + _MONTH_MAX).replace(day=1)


def _limit(table: str, rule: RetentionRule | None, now: datetime) -> datetime | None:
    limit = None if rule is None else cutoff(rule, now)
    if rule is None or limit is None:
        return None
    if rule.kind is not RetentionKind.DAYS or rule.time_column != TIME_COLUMNS[table]:
        raise RetentionRefusedError(
            f"table '{table}' has kind {rule.kind} by '{rule.time_column}', expected days by "
            f"'{TIME_COLUMNS[table]}'"
        )
    return limit
