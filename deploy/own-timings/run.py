"""The product measures itself: the timings of its own tests, from their store to rows in Postgres.

`make test` records them with our pytest reporter into .own-timings/ of the checkout. This takes
that store, starts a sink on loopback, enqueues and uploads, and says by SQL which test modules are
the slowest. Exit 1 where a row did not arrive, or where there is no whole run. Nothing leaves the
machine. Who has switched telemetry off is obeyed, with exit 0; where CI is set that would be a
hole that nobody sees, so it is exit 1 there.
"""

import argparse
import asyncio
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import asyncpg
from local_sink import (
    ROOT,
    client,
    enrol_a_key,
    environment_in,
    free_port,
    receipts,
    run,
    running_sink,
    say,
    step,
)

from vox_telemetry_client.recording import recording_switch
from vox_telemetry_client.settings import all_off

STORE = ROOT / ".own-timings" / "metrics.sqlite3"
FOLDER = STORE.parent / "sink-and-spool"
RUN_NAME = "pytest_run"
WHOLE_RUNS = {"ok", "tests_failed"}
SLOWEST = """
SELECT regexp_replace(metadata->>'name', '(\\.[A-Z][A-Za-z0-9]*)*\\.[^.]*$', '') AS module,
       count(*) AS functions, round(sum(metric_value)::numeric, 2) AS seconds
FROM event WHERE batch_id = ANY($1::uuid[]) AND metadata->>'name' <> 'pytest_run'
GROUP BY module ORDER BY seconds DESC NULLS LAST, module LIMIT 10
"""
COUNT = "SELECT count(*) FROM event WHERE batch_id = ANY($1::uuid[])"


def main() -> None:
    """Go from the store to the slowest modules."""
    parser = argparse.ArgumentParser(description="Upload the timings of the last `make test`.")
    parser.add_argument("--database-url", help="a Postgres; default: an embedded one of its own")
    database_url: str | None = parser.parse_args().database_url
    obey_switches()
    recorded = rows_of_a_whole_run()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    say("keys go to a throw-away file keyring in .own-timings/, never to your own keyring")
    upload_all(database_url)
    batches = receipts(FOLDER)
    acknowledged = sum(int(str(batch["event_count"])) for batch in batches)
    with database(database_url) as dsn:
        stored = asyncio.run(show(dsn, [str(batch["batch_id"]) for batch in batches]))
    say(f"{compared(recorded, acknowledged, stored)}; the sink and its Postgres are stopped")


def obey_switches() -> None:
    """End here where telemetry is switched off for whoever runs this."""
    off = all_off()
    reason = recording_switch()("benchmark_event") if off is None else off.reason
    if reason is None:
        return
    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        sys.exit(
            f"nothing was recorded or uploaded: {reason}; expected it to be on where CI is set"
        )
    say(f"nothing to do, as you wish: {reason}")
    sys.exit(0)


def rows_of_a_whole_run() -> int:
    """Return how many rows the last `make test` recorded."""
    advice = "run `make test` to its end first"
    if not STORE.exists():
        sys.exit(f"there is no {STORE.relative_to(ROOT)}: {advice}")
    with closing(sqlite3.connect(STORE)) as store:
        found = [
            json.loads(text)
            for (text,) in store.execute("SELECT metadata_json FROM research_metrics")
        ]
    runs = [row["details"]["outcome"] for row in found if row["name"] == RUN_NAME]
    if len(runs) != 1 or runs[0] not in WHOLE_RUNS:
        sys.exit(f"got {' and '.join(runs) or 'no run'}, expected one whole run: {advice}")
    return len(found)


def upload_all(database_url: str | None) -> None:
    """Enqueue the store's rows and upload them to a sink of their own."""
    port = free_port()
    environment = environment_in(FOLDER, port)
    if database_url is not None:
        environment["VOX_SINK_DATABASE_URL"] = database_url
        run(environment, "vox-telemetry-sink", "migrate")
    step(f"start a sink on 127.0.0.1:{port}")
    with running_sink(FOLDER, port, environment):
        enrol_a_key(FOLDER, environment, "own-timings")
        client(environment, "consent", "grant")
        step("enqueue the rows of the last test run, and upload them")
        client(environment, "enqueue", "--from-store", "--db", str(STORE))
        client(environment, "upload")


def compared(recorded: int, acknowledged: int, stored: int) -> str:
    """Return the three counts, and end here where they differ."""
    counts = f"{recorded} rows recorded, {acknowledged} events acknowledged, {stored} rows stored"
    if not recorded == acknowledged == stored:
        sys.exit(f"{counts}: expected three equal numbers")
    return counts


@contextmanager
def database(database_url: str | None) -> Iterator[str]:
    """Give the database that was named, else the embedded one of this folder, running."""
    if database_url is not None:
        yield database_url
        return
    from vox_telemetry_sink.embedded import running_postgres  # noqa: PLC0415 -- takes its extra

    with running_postgres(FOLDER / "sink") as dsn:
        yield dsn


async def show(dsn: str, batch_ids: list[str]) -> int:
    """Print the slowest modules of these batches and return how many rows they have."""
    step("the slowest test modules, by SQL on what the sink stored")
    connection = await asyncpg.connect(dsn)
    try:
        for row in await connection.fetch(SLOWEST, batch_ids):
            print(f"{row['seconds'] or 0:>9} s  {row['functions']:>4} functions  {row['module']}")
        stored: int = await connection.fetchval(COUNT, batch_ids)
    finally:
        await connection.close()
    return stored


if __name__ == "__main__":
    main()
