"""The demo: one file of real events, from disk to rows in Postgres, on this machine only.

Everything it makes lies under .demo/ of the checkout, everything it starts it stops. It runs the
installed programs as a user would and then proves the result twice: with SQL and with the spool.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from example import usable_example

from vox_telemetry_sink.embedded import running_postgres

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".demo"
SPOOL = FOLDER / "spool"
DATA = FOLDER / "sink"
PROGRAMS = Path(sys.executable).parent
READY_WITHIN_S = 60
EVENTS_PER_BATCH = 50
SHOWN_LINES = 24


def main() -> None:
    """Walk one file of events through every step of docs/walk.md."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    port = free_port()
    environment = demo_environment(port)
    say("keys go to a throw-away file keyring in .demo/, never to your own keyring")
    events = usable_example(FOLDER)
    with running_sink(port, environment):
        enrol_a_key(environment)
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
        show_receipts()
        step("proof with SQL: the rows are there")
        asyncio.run(prove_with_sql(sum(1 for _ in events.open())))
    step("proof with the spool: the local copies are gone")
    prove_with_spool()
    say("done; the sink and its Postgres are stopped, `rm -r .demo` removes all that is left")


def demo_environment(port: int) -> dict[str, str]:
    """Return this environment with every path of ours pointing into the demo's folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOX_")}
    kept.pop("DO_NOT_TRACK", None)  # the demo sends to this machine only, and says what it sends
    return kept | {
        "PYTHON_KEYRING_BACKEND": "demo_keyring.DemoFileKeyring",
        "PYTHONPATH": str(Path(__file__).parent),
        "DEMO_KEYRING_FILE": str(FOLDER / "keyring.json"),
        "XDG_CONFIG_HOME": str(FOLDER / "config"),
        "VOX_TELEMETRY_SPOOL_DIR": str(SPOOL),
        "VOX_TELEMETRY_UPLOAD_URL": f"http://127.0.0.1:{port}",
        "VOX_SINK_DATA_DIR": str(DATA),
    }


@contextmanager
def running_sink(port: int, environment: dict[str, str]) -> Iterator[None]:
    """Serve on loopback over the embedded Postgres until the block ends."""
    step(f"start a sink on 127.0.0.1:{port} over its own embedded Postgres")
    with (FOLDER / "sink.log").open("wb") as log:
        sink = subprocess.Popen(
            [PROGRAMS / "vox-telemetry-sink", "serve", "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_ready(port, sink)
            yield
        finally:
            sink.terminate()
            sink.wait(timeout=READY_WITHIN_S)


def wait_until_ready(port: int, sink: "subprocess.Popen[bytes]") -> None:
    """Poll /readyz."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and sink.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"the sink did not become ready:\n{(FOLDER / 'sink.log').read_text()[-2000:]}")


def enrol_a_key(environment: dict[str, str]) -> None:
    """Make a signing key on the client's side and tell the sink its public half."""
    step("make a signing key and enrol its public half with the sink")
    client(environment, "keys", "generate")
    jwk = FOLDER / "demo-key.jwk"
    jwk.write_text(output_of(environment, "keys", "show"))
    run(environment, "vox-telemetry-sink", "keys", "add", str(jwk), "--name", "demo")


def show_first_lines(environment: dict[str, str]) -> None:
    """Print the head of `upload --dry-run`."""
    lines = output_of(environment, "upload", "--dry-run").splitlines()
    print("\n".join(lines[:SHOWN_LINES]))
    say(f"… {len(lines) - SHOWN_LINES} more lines; see all with `vox-telemetry upload --dry-run`")


def show_receipts() -> None:
    """Print each acknowledged line of the journal."""
    for line in (SPOOL / "journal.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["event"] == "acknowledged":
            print(json.dumps(entry["receipt"]))


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


def client(environment: dict[str, str], *arguments: str) -> None:
    """Run the client as a user would."""
    run(environment, "vox-telemetry", *arguments)


def output_of(environment: dict[str, str], *arguments: str) -> str:
    """Return what the client prints."""
    return subprocess.run(
        [PROGRAMS / "vox-telemetry", *arguments],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def run(environment: dict[str, str], program: str, *arguments: str) -> None:
    """Show a command line and run it; its failure ends the demo."""
    shown = " ".join(str(argument).replace(f"{ROOT}/", "") for argument in arguments)
    print(f"$ {program} {shown}", flush=True)
    code = subprocess.run([PROGRAMS / program, *arguments], env=environment, check=False).returncode
    if code != 0:
        sys.exit(f"{program} ended with {code}, expected 0")


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def step(text: str) -> None:
    """Announce a step."""
    print(f"\n== {text}", flush=True)


def say(text: str) -> None:
    """Print a remark."""
    print(f"   {text}", flush=True)


if __name__ == "__main__":
    main()
