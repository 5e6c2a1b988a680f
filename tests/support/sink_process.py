"""The installed sink in a process of its own, with its log counted and its memory looked at."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import httpx

from support.cli import started_cli
from support.waiting import wait_for

PROGRAM = "vox-telemetry-sink"
KIB = 1_024


class SinkProcess:
    """A running `vox-telemetry-sink serve`; what it logs is counted by its word."""

    def __init__(self, process: Popen[str], url: str, canary: str | None) -> None:
        self.process = process
        self.url = url
        self.leaked: list[str] = []
        self._canary = canary
        self.logged: Counter[str] = Counter()
        self.errors: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_until_ready(self) -> None:
        wait_for(self._is_ready)

    def kill(self) -> None:
        """Send SIGKILL: nothing in the process gets a word in."""
        self.process.kill()
        self.process.wait()

    def resident_bytes(self) -> int:
        """Give the memory it holds now (VmRSS)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * KIB

    def read_on(self) -> None:
        """Read the rest of its log after it has ended."""
        self._reader.join(10)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"event": "no JSON", "level": "error"}
            self.logged[entry["event"]] += 1
            if entry.get("level") == "error":
                self.errors.append(line)
            if self._canary is not None and self._canary in line:
                self.leaked.append(line)

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.errors
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def sink_process(
    database_url: str, port: int, *, canary: str | None = None, **env: str
) -> Iterator[SinkProcess]:
    """Serve on a port of loopback, with no rate limit that a test could reach.

    Args:
        canary: what must not be in its log; lines that hold it are kept in `leaked`.
        env: more variables of its environment.
    """
    settings = {
        "VOX_SINK_DATABASE_URL": database_url,
        "VOX_SINK_RATE_PER_S": "10000",
        "VOX_SINK_RATE_BURST": "100000",
        **env,
    }
    with started_cli(PROGRAM, "serve", "--port", str(port), env=settings) as process:
        sink = SinkProcess(process, f"http://127.0.0.1:{port}", canary)
        sink.wait_until_ready()
        yield sink
    sink.read_on()
