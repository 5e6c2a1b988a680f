"""Run the client's command line in forked processes that die by SIGKILL before a chosen step.

A step is a call that changes a file below one folder, or moves bytes over TCP. The process that
imports the client never runs it; each order on stdin, `{"args", "env", "kill_at", "torn"}`, is run
by a fork of it and answered on stdout with `{"code", "steps"}`: the exit code (-9 when killed) and
the names of the steps begun. A torn step leaves half of its bytes behind.
"""

import gc
import importlib
import io
import json
import os
import pkgutil
import re
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

_BATCH_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Steps:
    """The steps of one run; the one numbered `kill_at` (from 0) is its last."""

    def __init__(self, root: str, kill_at: int | None, *, torn: bool, report: int) -> None:
        self._root = root
        self._kill_at = kill_at
        self._torn = torn
        self._report = report
        self._count = 0
        self._write = os.write

    def reach(self, verb: str, *places: str, tear: Callable[[], object] | None = None) -> None:
        """Count a step that is about to be made, and die here when it is the chosen one."""
        number, self._count = self._count, self._count + 1
        name = _BATCH_ID.sub("<batch>", " ".join((verb, *places)))
        self._write(self._report, f"{name}\n".encode())
        if number == self._kill_at:
            if self._torn and tear is not None:
                tear()
            os.kill(os.getpid(), signal.SIGKILL)

    def below(self, path: Any) -> str | None:
        """Return a path relative to the watched folder, or None for one outside."""
        named = Path(f"/proc/self/fd/{path}").readlink() if isinstance(path, int) else Path(path)
        absolute = Path.cwd() / named
        if not absolute.is_relative_to(self._root) or absolute == Path(self._root):
            return None
        return str(absolute.relative_to(self._root))

    def watch(self) -> None:
        """Put a step before each call that changes a file or moves bytes."""
        for verb in ("rename", "replace"):
            self._watch_paths(verb, paths=2)
        for verb in ("unlink", "remove", "mkdir"):
            self._watch_paths(verb, paths=1)
        for verb in ("fsync", "ftruncate"):
            self._watch_paths(verb, paths=1)
        self._watch_open()
        self._watch_write()
        for verb in ("send", "sendall", "recv"):
            self._watch_socket(verb)

    def _watch_paths(self, verb: str, paths: int) -> None:
        real = getattr(os, verb)

        def watched(*args: Any, **kwargs: Any) -> Any:
            places = [self.below(path) for path in args[:paths]]
            if places[0] is not None:
                # What was there before is durable already; only a file in tmp/ is all new.
                new = verb == "fsync" and places[0].startswith("tmp/")
                self.reach(verb, *map(str, places), tear=(lambda: _halve(args[0])) if new else None)
            return real(*args, **kwargs)

        setattr(os, verb, watched)

    def _watch_open(self) -> None:
        real = os.open

        def watched(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            place = self.below(path)
            if place is not None and flags & _WRITES:
                self.reach("open", place)
            return real(path, flags, *args, **kwargs)

        os.open = watched

    def _watch_write(self) -> None:
        real = os.write

        def watched(descriptor: int, data: Any) -> int:
            place = self.below(descriptor)
            if place is not None:
                half = bytes(data)[: len(data) // 2]
                self.reach("write", place, tear=lambda: real(descriptor, half))
            return real(descriptor, data)

        os.write = watched

    def _watch_socket(self, verb: str) -> None:
        real = getattr(socket.socket, verb)

        def watched(self_: socket.socket, *args: Any) -> Any:
            if self_.family == socket.AF_INET:
                self.reach(verb, "tcp")
            return real(self_, *args)

        setattr(socket.socket, verb, watched)


def _halve(descriptor: int) -> None:
    os.truncate(f"/proc/self/fd/{descriptor}", os.fstat(descriptor).st_size // 2)


def _run(order: dict[str, Any], root: str, report: int) -> None:
    """Be the fork: run the command and end."""
    os.environ.update(order["env"])
    os.chdir(Path(root).parent)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    Steps(root, order["kill_at"], torn=order["torn"], report=report).watch()
    os._exit(run(order["args"]))


def _obey(order: dict[str, Any], root: str) -> dict[str, object]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _run(order, root, writer)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as lines:
        steps = lines.read().splitlines()
    return {"code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "steps": steps}


def _warm_up() -> None:
    """Import and compile what every fork would again."""
    for module in pkgutil.walk_packages(vox_telemetry_client.__path__, "vox_telemetry_client."):
        importlib.import_module(module.name)
    for name in LATE:
        importlib.import_module(name)
    packaged_contract()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        run(["check", os.devnull])
    gc.freeze()


if __name__ == "__main__":
    from warm_process import LATE

    import vox_telemetry_client
    from vox_telemetry_client.cli import run
    from vox_telemetry_client.permission import packaged_contract

    _warm_up()
    for line in sys.stdin:
        given = json.loads(line)
        print(json.dumps(_obey(given, given["root"])), flush=True)
