"""Retention in an SQLite file: what would go, and letting it go, by one policy for both.

The judge of each row is the contract's `is_expired`, called from SQL, so plan and deletion cannot
differ and times are compared as times whichever way they are spelt. The names in the statements are
the policy's, checked to be plain identifiers when it was read, and quoted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from vox_telemetry_client.database import Database
from vox_telemetry_client.errors import StoreForeignError
from vox_telemetry_client.metrics_row import Value
from vox_telemetry_spec.retention import RetentionKind, RetentionRule, is_expired

_PRUNED = frozenset({RetentionKind.DAYS, RetentionKind.MS_DAYS, RetentionKind.EXPIRES_LT_NOW})
_EXPIRED = "vox_expired"


@dataclass(frozen=True)
class TablePlan:
    """One table of the policy; `would_delete` is None where nothing is deleted by itself."""

    table: str
    rule: RetentionRule
    present: bool
    would_delete: int | None


@dataclass(frozen=True)
class Plan:
    """Every table of the policy, and the tables of the database that it does not name."""

    tables: list[TablePlan]
    without_rule: list[str]


def plan(database: Database, policy: Mapping[str, RetentionRule], now: datetime) -> Plan:
    """Count what is older than the policy allows; changes nothing. `now` is aware.

    Raises:
        StoreForeignError: a table lacks the column that the policy names.
        StoreError: the database cannot be read.

    """
    present = database.tables()
    return Plan(
        [
            TablePlan(
                table,
                rule,
                table in present,
                _count(database, table, rule, now) if table in present else None,
            )
            for table, rule in policy.items()
        ],
        [table for table in present if table not in policy],
    )


def apply(
    database: Database,
    policy: Mapping[str, RetentionRule],
    now: datetime,
    record: Callable[[dict[str, int]], None],
) -> dict[str, int]:
    """Delete it, all or nothing, and return how many rows of which table; children go by cascade.

    `record` is called with the same counts before they are committed; when it raises, nothing is
    deleted. Deleted bytes are overwritten.

    Raises:
        StoreForeignError: a table lacks the column that the policy names.
        StoreError: the database cannot be changed.

    """
    database.run("PRAGMA foreign_keys = ON")  # SQLite cascades only where it is asked to
    database.run("PRAGMA secure_delete = ON")
    with database.transaction():
        planned = plan(database, policy, now)
        counts = {one.table: one.would_delete for one in planned.tables if one.would_delete}
        for table in counts:
            rule = policy[table]
            _judge_by(database, rule, now)
            database.change(f"DELETE FROM {_where_expired(table, rule)}")  # noqa: S608 -- see above
        if counts:
            record(counts)
    database.run("PRAGMA wal_checkpoint(TRUNCATE)")  # the log still holds what was deleted
    return counts


def _count(database: Database, table: str, rule: RetentionRule, now: datetime) -> int | None:
    if rule.kind not in _PRUNED:
        return None
    if rule.time_column not in database.columns(table):
        raise StoreForeignError(
            f"table '{table}' of {database.path} has no column '{rule.time_column}', which the "
            "policy names; nothing was changed"
        )
    _judge_by(database, rule, now)
    ((count,),) = database.run(f"SELECT count(*) FROM {_where_expired(table, rule)}")  # noqa: S608 -- see above
    return int(count or 0)


def _where_expired(table: str, rule: RetentionRule) -> str:
    column = f'"{rule.time_column}"'
    # Text goes as bytes: what is no UTF-8 must not stop the statement.
    stored = f"CASE typeof({column}) WHEN 'text' THEN CAST({column} AS BLOB) ELSE {column} END"
    return f'"{table}" WHERE {_EXPIRED}({stored})'


def _judge_by(database: Database, rule: RetentionRule, now: datetime) -> None:
    def expired(stored: Value) -> bool:
        if isinstance(stored, bytes):
            stored = stored.decode("utf-8", "replace")
        return not isinstance(stored, float) and is_expired(rule, stored, now)

    database.define(_EXPIRED, expired)
