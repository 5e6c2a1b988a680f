"""How far does it go? A model of sink cores, Postgres cores, disk and cost, from measured figures.

    make bench                                     writes benchmarks/results/bench.json
    python benchmarks/scaling.py                   prints the model from it
    python benchmarks/scaling.py --rate 20000 --core-hour 0.04 --gb-month 0.10

Pure arithmetic: each line is a figure of the file, or one divided or multiplied by another. It says
what the figures say and no more: a machine is taken to have as many such cores as you give it, and
nothing is assumed to get faster by size.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results" / "bench.json"
BATCH_EVENTS: Final = 100  # of the lines that are read
# The line of the table and what it says.
SINK: Final = ("ingest", "processor time of the sink")
POSTGRES: Final = ("ingest", "processor time of Postgres")
ONE_WORKER: Final = ("ingest", "accepted, 1 worker")
EVENT_ROW: Final = ("storage", "an event's row")
EVENT_INDEX: Final = ("storage", "its index entry")
BATCH: Final = ("storage", "its part of its batch's row, body and index")
LOG: Final = ("storage", "its part of the write-ahead log")
BILLION: Final = 1_000_000_000
GB: Final = 1_000_000_000
SECONDS_A_MONTH: Final = 30.44 * 86_400
HOUR_S: Final = 3_600
RETENTION_MONTHS: Final = 7  # 180 days, and the month that goes as a whole
TOTALS: Final = (10**9, 10**11)
FREEZE_AGE: Final = 200_000_000  # autovacuum_freeze_max_age of Postgres, transactions


class Prices(NamedTuple):
    """What an operator pays, in a currency of their own."""

    core_hour: float
    gb_month: float


@dataclass(frozen=True)
class Measured:
    """The figures that the model is made of."""

    events_per_s: float
    sink_us_per_event: float
    postgres_us_per_event: float
    event_bytes: float
    batch_bytes: float
    log_bytes: float

    @property
    def stored_bytes(self) -> float:
        """What an event takes on disk, its part of the batch included."""
        return self.event_bytes + self.batch_bytes


class MissingError(Exception):
    """The file lacks a line that the model needs."""


def main() -> int:
    """Print the model; return 2 where the file lacks a line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--rate", type=float, default=10_000.0, help="events a second to plan for")
    parser.add_argument(
        "--core-hour", type=float, default=1.0, help="the price of a core for an hour"
    )
    parser.add_argument(
        "--gb-month", type=float, default=1.0, help="of a gigabyte of disk, a month"
    )
    asked = parser.parse_args()
    try:
        measured = read(json.loads(asked.results.read_text(encoding="utf-8")))
    except (OSError, MissingError) as exc:
        print(f"scaling: {exc}: run make bench")
        return 2
    for title, rows in model(measured, asked.rate, Prices(asked.core_hour, asked.gb_month)).items():
        print(f"\n{title}")
        for name, value in rows.items():
            print(f"  {name:64} {value:>16}")
    return 0


def read(document: dict[str, Any]) -> Measured:
    """Take the figures out of the file of `make bench`.

    Raises:
        MissingError: one is not there, or was skipped.

    """
    return Measured(
        events_per_s=_value(document, ONE_WORKER),
        sink_us_per_event=_value(document, SINK) / BATCH_EVENTS,
        postgres_us_per_event=_value(document, POSTGRES) / BATCH_EVENTS,
        event_bytes=_value(document, EVENT_ROW) + _value(document, EVENT_INDEX),
        batch_bytes=_value(document, BATCH),
        log_bytes=_value(document, LOG),
    )


def model(measured: Measured, rate: float, prices: Prices) -> dict[str, dict[str, str]]:
    """Return the tables of docs/scaling.md: name, value."""
    return {
        "measured": _measured(measured),
        f"at {rate:,.0f} events a second": _at_rate(measured, rate),
        "a billion events": _billion(measured, prices),
        **{f"{total:,} events held": _held(measured, total) for total in TOTALS},
    }


def _measured(m: Measured) -> dict[str, str]:
    return {
        "accepted by one worker beside its Postgres, events/s": f"{m.events_per_s:,.0f}",
        "of a core of sinks, events/s": f"{1e6 / m.sink_us_per_event:,.0f}",
        "of a core of Postgres, events/s": f"{1e6 / m.postgres_us_per_event:,.0f}",
        "row and index of an event, bytes": f"{m.event_bytes:,.0f}",
        "its part of its batch, bytes": f"{m.batch_bytes:,.0f}",
        "its part of the write-ahead log, bytes": f"{m.log_bytes:,.0f}",
    }


def _at_rate(m: Measured, rate: float) -> dict[str, str]:
    a_month = rate * SECONDS_A_MONTH
    return {
        "cores of sinks, all busy": f"{rate * m.sink_us_per_event / 1e6:,.1f}",
        "cores of Postgres, all busy": f"{rate * m.postgres_us_per_event / 1e6:,.1f}",
        "written to the log and to each standby, MB/s": f"{rate * m.log_bytes / 1e6:,.1f}",
        "events a month": f"{a_month:,.0f}",
        "disk a month, GB": f"{a_month * m.stored_bytes / GB:,.0f}",
        f"disk held at {RETENTION_MONTHS} months, GB": (
            f"{a_month * m.stored_bytes * RETENTION_MONTHS / GB:,.0f}"
        ),
    }


def _billion(m: Measured, prices: Prices) -> dict[str, str]:
    core_hours = BILLION * (m.sink_us_per_event + m.postgres_us_per_event) / 1e6 / HOUR_S
    gigabytes = BILLION * m.stored_bytes / GB
    cores, disk = core_hours * prices.core_hour, gigabytes * prices.gb_month * RETENTION_MONTHS
    return {
        "core hours, sinks and Postgres": f"{core_hours:,.1f}",
        "disk, one copy, GB": f"{gigabytes:,.0f}",
        f"cores at {prices.core_hour:g} an hour": f"{cores:,.0f}",
        f"disk at {prices.gb_month:g} a GB and month, {RETENTION_MONTHS} months": f"{disk:,.0f}",
        "together, one copy": f"{cores + disk:,.0f}",
    }


def _held(m: Measured, total: int) -> dict[str, str]:
    a_month = total / RETENTION_MONTHS
    return {
        "disk, one copy, GB": f"{total * m.stored_bytes / GB:,.0f}",
        f"events in a month's partition, of {RETENTION_MONTHS}": f"{a_month:,.0f}",
        "size of such a partition, GB": f"{a_month * m.event_bytes / GB:,.1f}",
        "events a second, all the time": f"{a_month / SECONDS_A_MONTH:,.0f}",
        "rows of batch, of 100 events each": f"{total / BATCH_EVENTS:,.0f}",
        "anti-wraparound vacuums a year, groups of one batch": (
            f"{a_month / BATCH_EVENTS * 12 / FREEZE_AGE:,.2f}"
        ),
    }


def _value(document: dict[str, Any], named: tuple[str, str]) -> float:
    line, what = named
    for figure in document["figures"]:
        if figure["line"] == line and figure["what"] == what and "value" in figure:
            return float(figure["value"])
    raise MissingError(f"no figure '{what}' in the line {line}")


if __name__ == "__main__":
    sys.exit(main())
