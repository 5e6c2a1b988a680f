"""Workers that share a port: connections are spread, and nobody else shares it."""

import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from support.cli import run_cli
from support.sink_process import PROGRAM, sink_process
from support.waiting import wait_for
from support.world import free_port
from vox_telemetry_sink import workers

CONNECTIONS = 64


def _workers(pid: int) -> list[int]:
    """Give the processes under the one that was started that run uvicorn's worker."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    commands = {int(one): Path(f"/proc/{one}/cmdline").read_bytes() for one in children}
    return [one for one, command in commands.items() if b"spawn_main" in command]


ESTABLISHED, LISTENING = "01", "0A"  # proc(5)


def _sockets(port: int, state: str) -> set[str]:
    """Give the inodes of the sockets on a port of loopback."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == state}


def _connections(pid: int, port: int) -> int:
    """Count the connections to a port that a process has accepted."""
    held = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since the folder was read
            held.add(str(file.readlink()).removeprefix("socket:[").removesuffix("]"))
    return len(_sockets(port, ESTABLISHED) & held)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the workers share one socket")
def test_connections_that_are_opened_at_once_and_kept_are_spread_over_the_workers(
    database_url: str,
) -> None:
    port = free_port()
    with sink_process(database_url, port, VOX_SINK_WORKERS="2") as sink, ExitStack() as opened:
        wait_for(lambda: len(_sockets(port, LISTENING)) == 2)
        workers = _workers(sink.process.pid)
        for _ in range(CONNECTIONS):
            opened.enter_context(socket.create_connection(("127.0.0.1", port)))
        wait_for(lambda: sum(_connections(one, port) for one in workers) >= CONNECTIONS)
        taken = [_connections(worker, port) for worker in workers]
    # Each connection goes to one of two by chance: fewer than ten of 64 happens once in 10 ** 9.
    assert min(taken) >= 10, taken


def test_a_second_sink_cannot_share_the_port_of_workers(database_url: str) -> None:
    port = free_port()
    env = {"VOX_SINK_DATABASE_URL": database_url, "VOX_SINK_WORKERS": "2"}
    with sink_process(database_url, port, VOX_SINK_WORKERS="2"):
        second = run_cli(PROGRAM, "serve", "--port", str(port), env=env)
    assert second.code == 3  # of uvicorn: it could not start
    assert "address already in use" in second.err.lower()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the workers share one socket")
def test_nor_can_one_that_starts_before_the_workers_of_the_first_listen(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    started: list[str] = []

    class Starting:
        """Stands where uvicorn would start the workers, and starts the second sink instead."""

        def __init__(self, _config: object, *, sockets: list[socket.socket]) -> None:
            self.processes: list[object] = []
            started.append(f"{sockets[0].getsockname()[1]}")

        def run(self) -> None:
            with pytest.raises(SystemExit, match=r"^3$"):
                serve()

    def serve() -> None:
        workers.run_workers(dict, host="127.0.0.1", port=port, workers=2, log_config=None)

    monkeypatch.setattr(workers, "Multiprocess", Starting)
    serve()
    assert started == [str(port)]
    assert "Address already in use" in caplog.text
    serve()  # the first has ended: its claim is gone
    assert started == [str(port)] * 2


def test_workers_that_cannot_start_end_the_program_with_an_error() -> None:
    program = (
        "import sys; from functools import partial; from vox_telemetry_sink import workers;"
        "workers.run_workers(partial(sys.exit, 3), host='127.0.0.1', port=0, workers=2)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert "failed to start" in ran.stderr
    assert ran.returncode == 3
