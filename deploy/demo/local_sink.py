"""A sink on loopback and an operator beside it, by the installed programs: what a script shows.

Everything lies in a folder that the script names. Keys go to a throw-away keyring in that folder.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 60


def environment_in(folder: Path, port: int) -> dict[str, str]:
    """Return this environment with every path of ours pointing into the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOX_")}
    kept.pop("DO_NOT_TRACK", None)  # it is sent to this machine only, and said what is sent
    return kept | {
        "PYTHON_KEYRING_BACKEND": "demo_keyring.DemoFileKeyring",
        "PYTHONPATH": str(Path(__file__).parent),
        "DEMO_KEYRING_FILE": str(folder / "keyring.json"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "VOX_TELEMETRY_SPOOL_DIR": str(folder / "spool"),
        "VOX_TELEMETRY_UPLOAD_URL": f"http://127.0.0.1:{port}",
        "VOX_SINK_DATA_DIR": str(folder / "sink"),
    }


@contextmanager
def running_sink(folder: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
    """Serve on loopback until the block ends; its log is `sink.log` in the folder."""
    with (folder / "sink.log").open("wb") as log:
        sink = subprocess.Popen(
            [PROGRAMS / "vox-telemetry-sink", "serve", "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_ready(folder, port, sink)
            yield
        finally:
            sink.terminate()
            sink.wait(timeout=READY_WITHIN_S)


def wait_until_ready(folder: Path, port: int, sink: "subprocess.Popen[bytes]") -> None:
    """Poll /readyz."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and sink.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"the sink did not become ready:\n{(folder / 'sink.log').read_text()[-2000:]}")


def enrol_a_key(folder: Path, environment: dict[str, str], name: str) -> None:
    """Make a signing key on the client's side and tell the sink its public half."""
    client(environment, "keys", "generate")
    jwk = folder / "key.jwk"
    jwk.write_text(output_of(environment, "keys", "show"))
    run(environment, "vox-telemetry-sink", "keys", "add", str(jwk), "--name", name)


def receipts(folder: Path) -> list[dict[str, object]]:
    """Return the receipts, as the client's journal keeps them."""
    lines = (folder / "spool" / "journal.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    return [entry["receipt"] for entry in entries if entry["event"] == "acknowledged"]


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
    """Show a command line and run it; its failure ends the script."""
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
