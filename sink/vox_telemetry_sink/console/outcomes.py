"""The days' outcomes as a chart and as a sheet; pure."""

from collections.abc import Sequence

from vox_telemetry_sink.console.charts import Series, Svg, bars
from vox_telemetry_sink.console.rows import OUTCOMES, DayCount, DayEvents
from vox_telemetry_sink.console.sheet import Sheet


def outcomes_chart(days: Sequence[DayEvents], *, hides: bool = False) -> Svg:
    """Return the events of each day, by what became of them; `hides` as `Series` has it."""
    return bars(
        "Events by day: accepted, duplicate and rejected",
        [each.day for each in days],
        [
            Series("series-accepted", "accepted", [each.accepted for each in days], hides),
            Series("series-duplicate", "duplicate", [each.duplicate for each in days], hides),
            Series("series-rejected", "rejected", [each.rejected for each in days], hides),
        ],
        "outcomes",
    )


def outcomes_sheet(name: str, days: Sequence[DayCount]) -> Sheet:
    """Return the same days as rows, with the batches."""
    header = ["day", *(f"{each}_{what}" for each in OUTCOMES for what in ("batches", "events"))]
    rows = [(each.day, *each.accepted, *each.duplicate, *each.rejected) for each in days]
    return Sheet(name, header, rows)


def hidden_outcomes_sheet(name: str, days: Sequence[DayEvents]) -> Sheet:
    """Return what k-anonymity shows as rows; a cell stays empty where its events may be hidden."""
    header = ["day", *(f"{each}_events" for each in OUTCOMES)]
    return Sheet(name, header, [(day, *(events or None for events in rest)) for day, *rest in days])
