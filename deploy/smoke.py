"""The smoke test of docker-compose.yml: uploads through what is running, as a client from outside.

It enrols a key of its own by a one-time code, uploads real events, repeats them, restarts the
database under an upload, and compares the rows with the receipts. What it stores stays, under
the key that it names `smoke`, which it revokes. Run it from a checkout after `make setup`:

    .venv/bin/python deploy/smoke.py

Exit code 1 and a sentence say what was not as expected.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from demo.example import usable_example

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).parent / "vox-telemetry"
AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"
CA_FILE = "VOX_TELEMETRY_CA_FILE"
EVENTS_PER_BATCH = 50
BEFORE_THE_RESTART = 150
UPLOADS_AT_MOST = 5
FINISHED_WITHIN_S = 120


@dataclass(frozen=True)
class Compose:
    """The running project, by the words that start Compose."""

    words: tuple[str, ...]

    def run(self, *arguments: str) -> str:
        """Return what Compose prints; its failure ends the smoke test."""
        done = subprocess.run(
            [*self.words, *arguments],
            cwd=ROOT,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FINISHED_WITHIN_S,
        )
        if done.returncode != 0:
            sys.exit(f"compose {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def sink(self, *arguments: str) -> Any:  # noqa: ANN401 -- whatever the JSON document is
        """Run a command of the sink where it serves."""
        words = ("exec", "-T", "sink", "vox-telemetry-sink", *arguments, "--json")
        return json.loads(self.run(*words))

    def restarting(self, service: str) -> "subprocess.Popen[bytes]":
        """Restart a service while others go on."""
        return subprocess.Popen(
            [*self.words, "restart", service], cwd=ROOT, stderr=subprocess.DEVNULL
        )

    def query(self, sql: str) -> str:
        """Ask the database itself."""
        words = ("psql", "--username=postgres", "--dbname=vox", "--no-align", "--tuples-only")
        return self.run("exec", "-T", "db", *words, f"--command={sql}").strip()


class Operator:
    """A client's operator with an empty machine: own keyring, own spool, own consent."""

    def __init__(self, folder: Path, url: str) -> None:
        """Keep everything in `folder`."""
        self.spool = folder / "spool"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("VOX_") or name == CA_FILE
        }
        kept.pop("DO_NOT_TRACK", None)  # this sends to the operator's own sink, by explicit wish
        self._environment = kept | {
            "PYTHON_KEYRING_BACKEND": "demo_keyring.DemoFileKeyring",
            "PYTHONPATH": str(ROOT / "deploy" / "demo"),
            "DEMO_KEYRING_FILE": str(folder / "keyring.json"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "VOX_TELEMETRY_SPOOL_DIR": str(self.spool),
            "VOX_TELEMETRY_UPLOAD_URL": url,
        }

    def trust(self, authority: Path) -> None:
        """Trust the proxy's own authority, and no other."""
        self._environment[CA_FILE] = str(authority)

    def carry(self, token: str) -> None:
        """Send the bearer token that this sink asks for."""
        self._environment["VOX_TELEMETRY_UPLOAD_TOKEN"] = token

    def client(self, *arguments: str | Path, may_keep: bool = False, **more: str) -> Any:  # noqa: ANN401 -- as above
        """Run the client and return its JSON document; exit code 1 may stand for `kept`."""
        done = subprocess.run(
            [PROGRAM, *arguments, "--json"],
            env=self._environment | more,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FINISHED_WITHIN_S,
        )
        if done.returncode not in ((0, 1) if may_keep else (0,)):
            sys.exit(f"vox-telemetry {arguments[0]} ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def receipts(self) -> dict[str, int]:
        """Return the batches that were acknowledged, with their numbers of events."""
        lines = (self.spool / "journal.jsonl").read_text().splitlines()
        taken = [entry for entry in map(json.loads, lines) if entry["event"] == "acknowledged"]
        return {entry["receipt"]["batch_id"]: entry["receipt"]["event_count"] for entry in taken}


def main() -> None:
    """Walk through it; the first thing that is not as expected ends it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--compose", default="docker compose", help="how Compose is called")
    compose = Compose(tuple(shlex.split(parser.parse_args().compose)))
    with TemporaryDirectory(prefix="vox-smoke-") as name:
        folder = Path(name)
        operator = operator_of(compose, folder)
        key_id = enrol(compose, operator, folder)
        lines = usable_example(folder).read_text().splitlines(keepends=True)
        upload_and_repeat(operator, folder, lines[:BEFORE_THE_RESTART])
        upload_under_a_restart(compose, operator, folder, lines[BEFORE_THE_RESTART:])
        prove(compose, operator, key_id, len(lines))
        compose.sink("keys", "revoke", key_id)
    say("everything is as it should be")


def operator_of(compose: Compose, folder: Path) -> Operator:
    """Return an operator who calls this sink, trusts its proxy, and has its token, if any."""
    services = json.loads(compose.run("config", "--format", "json"))["services"]
    sink = services["sink"]["environment"]
    operator = Operator(folder, sink["VOX_SINK_PUBLIC_ORIGIN"])
    if "VOX_SINK_UPLOAD_TOKEN_FILE" in sink:
        file = sink["VOX_SINK_UPLOAD_TOKEN_FILE"]
        operator.carry(compose.run("exec", "-T", "sink", "cat", file).strip())
    if services["proxy"]["environment"]["SINK_TLS"] == "internal":
        authority = folder / "authority.pem"
        authority.write_text(compose.run("exec", "-T", "proxy", "cat", AUTHORITY))
        operator.trust(authority)
    return operator


def enrol(compose: Compose, operator: Operator, folder: Path) -> str:
    """Make a key and let the sink know it by a one-time code; return its id."""
    say("enrol a key by a one-time code, and consent")
    code = folder / "code"
    code.write_text(compose.sink("keys", "invite", "--name", "smoke")["code"])
    key_id: str = operator.client("keys", "generate")["key_id"]
    operator.client("keys", "enrol", "--code-file", code)
    operator.client("consent", "grant")
    return key_id


def upload_and_repeat(operator: Operator, folder: Path, lines: list[str]) -> None:
    """Upload, then upload the same spool as it was before: nothing is stored a second time."""
    say(f"upload {len(lines)} real events, and repeat them")
    enqueue(operator, folder, lines)
    before = folder / "before"
    shutil.copytree(operator.spool, before)
    expect({"acknowledged"}, operator.client("upload"))
    expect({"duplicate"}, operator.client("upload", VOX_TELEMETRY_SPOOL_DIR=str(before)))


def upload_under_a_restart(
    compose: Compose, operator: Operator, folder: Path, lines: list[str]
) -> None:
    """Upload while the database restarts: what could not be stored is kept and sent again."""
    say(f"upload {len(lines)} more while the database restarts")
    enqueue(operator, folder, lines)
    with compose.restarting("db") as restart:
        for _ in range(UPLOADS_AT_MOST):
            operator.client("upload", may_keep=True)
            if not any((operator.spool / "pending").iterdir()):
                break
    if restart.returncode != 0:
        sys.exit(f"the restart of the database ended with {restart.returncode}")


def prove(compose: Compose, operator: Operator, key_id: str, events: int) -> None:
    """Compare the rows with the receipts, and both with what was enqueued."""
    receipts = operator.receipts()
    rows = compose.query(
        "SELECT key_id, batch_id, count(*) FROM event JOIN batch USING (batch_id) GROUP BY 1, 2"
    )
    ours = [row.split("|")[1:] for row in rows.split() if row.startswith(f"{key_id}|")]
    stored = {batch_id: int(count) for batch_id, count in ours}
    say(f"{sum(receipts.values())} events have a receipt, {sum(stored.values())} rows are stored")
    if stored != receipts or sum(stored.values()) != events:
        sys.exit(f"got the rows {stored} for the receipts {receipts}, expected {events} events")


def enqueue(operator: Operator, folder: Path, lines: list[str]) -> None:
    """Check events and put them into the spool."""
    file = folder / "events.jsonl"
    file.write_text("".join(lines))
    operator.client("enqueue", file, "--max-events", str(EVENTS_PER_BATCH))


def expect(outcomes: set[str], document: Any) -> None:  # noqa: ANN401 -- as above
    """Compare what became of each batch."""
    got = {batch["outcome"] for batch in document["batches"]}
    if got != outcomes:
        sys.exit(f"the batches were {got}, expected {outcomes}: {document}")


def say(text: str) -> None:
    """Print a step."""
    print(f"== {text}", flush=True)


if __name__ == "__main__":
    main()
