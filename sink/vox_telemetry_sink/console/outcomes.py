"""The days' outcomes as a chart and as a sheet; pure."""

from collections.abc import Sequence

from vox_telemetry_sink.console.charts import Series, Svg, bars
from vox_telemetry_sink.console.rows import DayCount
from vox_telemetry_sink.console.sheet import Sheet


def outcomes_chart(days: Sequence[DayCount], key: str = "outcomes") -> Svg:
    """Return the events of each day, by what became of them."""
    return bars(
        "Events by day: accepted, duplicate and rejected",
        [each.day for each in days],
        [
            Series("series-accepted", "accepted", [each.accepted.events for each in days]),
            Series("series-duplicate", "duplicate", [each.duplicate.events for each in days]),
            Series("series-rejected", "rejected", [each.rejected.events for each in days]),
        ],
        key,
    )


def outcomes_sheet(name: str, days: Sequence[DayCount], *, hides: bool = False) -> Sheet:
    """Return the same days as rows; where small groups are hidden, what may be one stays empty."""
    outcomes = ("accepted", "duplicate", "rejected")
    header = ["day", *(f"{each}_{what}" for each in outcomes for what in ("batches", "events"))]
    rows: list[list[int | None]] = [
        [*each.accepted, *each.duplicate, *each.rejected] for each in days
    ]
    if hides:
        rows = [[count or None for count in row] for row in rows]
    return Sheet(name, header, [[day.day, *row] for day, row in zip(days, rows, strict=True)])
