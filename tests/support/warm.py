"""Run a program as a fork of a process that has imported it: a process, less the imports.

Of a test's minutes, most went into importing the same modules again. A fork has its own number,
memory, environment, folder, streams and end, as a new process has. What is decided before any of
our code runs differs, so a run that asks for another interpreter or locale gets a new process.
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PACKAGES = {"vox-telemetry": "vox_telemetry_client", "vox-telemetry-sink": "vox_telemetry_sink"}
READ_BY_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "OPENSSL_", "COVERAGE_")
READ_LATER = "PYTHON_KEYRING_"
IMPORTED_WITHIN_S = 60
ORDER_MAX_BYTES = 1_000_000


class WarmProgram:
    """One program, imported once; get one from `warm_program`."""

    def __init__(self, package: str, environment: Mapping[str, str]) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = Path(__file__).with_name("warm_process.py")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, script, package, str(theirs.fileno())],
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._orders.settimeout(IMPORTED_WITHIN_S)
        self._read_by_imports = set(json.loads(self._orders.recv(ORDER_MAX_BYTES)))
        self._born_with = self._decided_at_start(environment)

    def serves(self, environment: Mapping[str, str]) -> bool:
        """Say whether a new process with this environment would start as this one did."""
        return self._decided_at_start(environment) == self._born_with

    def run(
        self,
        command: list[str],
        environment: Mapping[str, str],
        given: str,
        cwd: Path | None,
        within_s: float,
    ) -> tuple[int, str, str]:
        """Run to the end, as `subprocess.run` does; give the exit code, stdout and stderr.

        Raises:
            subprocess.TimeoutExpired: it took longer than `within_s` seconds and was killed.
        """
        (stdin, to_it), (from_out, stdout), (from_err, stderr) = os.pipe(), os.pipe(), os.pipe()
        news, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        order = {
            "command": command,
            "env": dict(environment),
            "cwd": str(cwd or Path.cwd()),
            "umask": _umask(),
            "file_size_limit": resource.getrlimit(resource.RLIMIT_FSIZE),
        }
        with news:
            descriptors = [stdin, stdout, stderr, theirs.detach()]
            socket.send_fds(self._orders, [json.dumps(order).encode()], descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            news.settimeout(IMPORTED_WITHIN_S)
            with ThreadPoolExecutor(3) as pool:
                writing = pool.submit(_write, to_it, given)
                reading = [pool.submit(_read, one) for one in (from_out, from_err)]
                pid = int(news.recv(ORDER_MAX_BYTES))
                news.settimeout(within_s)
                try:
                    status = int(news.recv(ORDER_MAX_BYTES))
                except TimeoutError:
                    os.kill(pid, signal.SIGKILL)
                    news.settimeout(IMPORTED_WITHIN_S)
                    news.recv(ORDER_MAX_BYTES)  # the signal alone is not the death
                    raise subprocess.TimeoutExpired(command, within_s) from None
                writing.result()
                out, err = (one.result() for one in reading)
        return os.waitstatus_to_exitcode(status), out, err

    def end(self) -> None:
        """Let it save what coverage has measured of the imports, and end."""
        self._orders.close()
        self._process.wait(IMPORTED_WITHIN_S)

    def _decided_at_start(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {
            name: value
            for name, value in environment.items()
            if (name.startswith(READ_BY_THE_START) and not name.startswith(READ_LATER))
            or name in self._read_by_imports
        }


_WARM: dict[str, WarmProgram] = {}


def warm_program(program: str, environment: Mapping[str, str]) -> WarmProgram | None:
    """Give the warm process of a program, or None where this environment takes a new process."""
    if program not in PACKAGES:
        return None
    if program not in _WARM:
        _WARM[program] = WarmProgram(PACKAGES[program], environment)
    return _WARM[program] if _WARM[program].serves(environment) else None


def end_warm_programs() -> None:
    """End those that were started; to be called when no test is left."""
    while _WARM:
        _WARM.popitem()[1].end()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write(descriptor: int, text: str) -> None:
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
    except BrokenPipeError:
        pass  # the program did not read all, as it may


def _read(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8") as stream:
        return stream.read()
