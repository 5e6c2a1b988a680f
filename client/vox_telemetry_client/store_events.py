"""Rows of a local store to events for the check: which rows, in what order, and which stay here."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from vox_telemetry_client.check import Rules
from vox_telemetry_client.database import Database
from vox_telemetry_client.limits import RECORD_WAIT_S, STORE_PAGE_ROWS
from vox_telemetry_client.metrics_row import Row, Value, event_of
from vox_telemetry_client.metrics_store import TABLE, check_table, condition, read
from vox_telemetry_client.reading import ReadEvent
from vox_telemetry_spec.limits import METRIC_TYPE_MAX_BYTES
from vox_telemetry_spec.research_metrics import METRIC_TYPE
from vox_telemetry_spec.retention import read_time
from vox_telemetry_spec.taxonomy import may_enqueue

SWITCHED_OFF = "switched-off"
UNREGISTERED = "contract.unknown-metric-type"


@dataclass(frozen=True)
class Wanted:
    """Which rows: all that match each member; `since` (aware) is compared with `created_at`."""

    session_prefix: str = ""
    metric_type: str | None = None
    since: datetime | None = None

    def is_late_enough(self, row: Row) -> bool:
        """Tell whether a row is of `since` or later; one without a readable time is, to be told."""
        if self.since is None or not isinstance(row.created_at, str):
            return True
        moment = read_time(row.created_at)
        return moment is None or moment >= self.since


@dataclass
class StoreEvents:
    """The events of a store; `staying` counts the rows left out by (metric type, rule).

    `switched_off` tells of a metric type why its rows are not taken now, or None.
    """

    path: Path
    wanted: Wanted
    rules: Rules
    switched_off: Callable[[str], str | None]
    staying: Counter[tuple[str, str]] = field(default_factory=Counter)

    def read(self) -> Iterator[ReadEvent]:
        """Yield an event for each row that may be enqueued, oldest first by id.

        The file is only read, whoever made it.

        Raises:
            StoreForeignError: no SQLite database, or one without the table.
            StoreError: it cannot be read.

        """
        with Database(self.path, mode="ro", wait_s=RECORD_WAIT_S) as database:
            check_table(database)
            for row in filter(self.wanted.is_late_enough, self._rows(database)):
                rule = self._staying_rule(row)
                if rule is None:
                    yield event_of(row)
                else:
                    self.staying[_shown(row.metric_type), rule] += 1

    def _rows(self, database: Database) -> Iterator[Row]:
        """Yield the rows there are now, a page at a time: a long read would keep a writer out."""
        where, values = condition(self.wanted.session_prefix, self.wanted.metric_type)
        ((last,),) = database.run(f"SELECT max(id) FROM {TABLE}")  # noqa: S608 -- a constant
        after: Value = -(2**63)
        while page := read(
            database,
            f"WHERE {where} AND id > ? AND id <= ? ORDER BY id LIMIT ?",
            (*values, after, last, STORE_PAGE_ROWS),
        ):
            yield from page
            after = page[-1].id

    def _staying_rule(self, row: Row) -> str | None:
        """Return the rule by which no row of this type may be enqueued, or None."""
        if not isinstance(row.metric_type, str):
            return None  # the row's fault is told
        if self.switched_off(row.metric_type) is not None:
            return SWITCHED_OFF
        families = self.rules.checker.contracts.registry.families_of(row.metric_type)
        refusals = [
            may_enqueue(family, self.rules.ceiling, self.rules.opted_in) for family in families
        ]
        if None in refusals:
            return None
        return next((refusal.value for refusal in refusals if refusal is not None), UNREGISTERED)


def _shown(metric_type: Value) -> str:
    """Return a metric type to be printed; what another program stored may be anything else."""
    text = str(metric_type)
    return text if METRIC_TYPE.fullmatch(text) and len(text) <= METRIC_TYPE_MAX_BYTES else "(none)"
