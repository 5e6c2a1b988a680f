"""The demo: one file of real events, from disk to rows in Postgres, on this machine only.

Everything it makes lies under .demo/ of the checkout, everything it starts it stops. It runs the
installed programs as a user would and then proves the result twice: with SQL and with the spool.
"""

import asyncio
import json
import shutil
import sys

import asyncpg
from example import usable_example
from local_sink import (
    ROOT,
    client,
    enrol_a_key,
    environment_in,
    free_port,
    output_of,
    receipts,
    running_sink,
    say,
    step,
)

from vox_telemetry_sink.embedded import running_postgres

FOLDER = ROOT / ".demo"
SPOOL = FOLDER / "spool"
DATA = FOLDER / "sink"
EVENTS_PER_BATCH = 50
SHOWN_LINES = 24


def main() -> None:
    """Walk one file of events through every step of docs/walk.md."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    port = free_port()
    environment = environment_in(FOLDER, port)
    say("keys go to a throw-away file keyring in .demo/, never to your own keyring")
    events = usable_example(FOLDER)
    step(f"start a sink on 127.0.0.1:{port} over its own embedded Postgres")
    with running_sink(FOLDER, port, environment):
        step("make a signing key and enrol its public half with the sink")
        enrol_a_key(FOLDER, environment, "demo")
        step("consent to uploads to this sink; what was enqueued before would not be sent")
        client(environment, "consent", "grant")
        step("check and enqueue the example: 251 lane timings of CPython's own test suite")
        client(environment, "check", str(events))
        client(environment, "enqueue", str(events), "--max-events", str(EVENTS_PER_BATCH))
        client(environment, "status")
        step("what would be sent (the first lines)")
        show_first_lines(environment)
        step("upload")
        client(environment, "upload")
        step("the receipts, as the client's journal keeps them")
        for receipt in receipts(FOLDER):
            print(json.dumps(receipt))
        step("proof with SQL: the rows are there")
        asyncio.run(prove_with_sql(sum(1 for _ in events.open())))
    step("proof with the spool: the local copies are gone")
    prove_with_spool()
    say("done; the sink and its Postgres are stopped, `rm -r .demo` removes all that is left")


def show_first_lines(environment: dict[str, str]) -> None:
    """Print the head of `upload --dry-run`."""
    lines = output_of(environment, "upload", "--dry-run").splitlines()
    print("\n".join(lines[:SHOWN_LINES]))
    say(f"… {len(lines) - SHOWN_LINES} more lines; see all with `vox-telemetry upload --dry-run`")


async def prove_with_sql(expected_events: int) -> None:
    """Count the rows, in the sink's own database."""
    query = (
        "SELECT count(DISTINCT batch_id) AS batches, count(*) AS events,"
        " round(sum(metric_value)::numeric, 1) AS seconds FROM event"
        " WHERE metadata->>'name' = 'ci_build_timings'"
    )
    with running_postgres(DATA) as dsn:
        connection = await asyncpg.connect(dsn)
        try:
            row = await connection.fetchrow(query)
        finally:
            await connection.close()
    say(query)
    print(dict(row))
    if row["events"] != expected_events:
        sys.exit(f"got {row['events']} rows, expected {expected_events}")


def prove_with_spool() -> None:
    """Look for batch files."""
    left = sorted(path for path in (SPOOL / "pending").iterdir())
    print(f".demo/spool/pending holds {len(left)} files")
    if left:
        sys.exit(f"got {len(left)} batches still in the spool, expected none")


if __name__ == "__main__":
    main()
