"""Run an installed program in forks of a process that has imported it already.

`python warm_process.py PACKAGE FD`: orders come on the socket FD, each with four descriptors: the
fork's stdin, stdout and stderr, and a socket that is told the fork's number and its wait status.
Everything a process is born with is set from the order, so that the fork is as fresh as a new one;
what only the start of an interpreter can do (`PYTHON*`, the locale) is the caller's to look at.
"""

import gc
import importlib
import json
import os
import resource
import runpy
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from io import BufferedReader, BufferedWriter, TextIOWrapper
from pathlib import Path
from typing import Any

DESCRIPTORS = 4
ORDER_MAX_BYTES = 1_000_000
INHERITED_MAX = 256  # descriptors; the warm process holds a handful
# It copies the environment when it is imported (by prometheus-client), for a server nobody runs.
EARLY = ("wsgiref.handlers",)
# What is imported only when it is needed; found by comparing sys.modules after runs.
LATE = (
    "encodings.idna",
    "httpcore",
    "importlib.readers",
    "importlib_metadata._adapters",
    "keyring.backends.SecretService",
    "keyring.backends.chainer",
    "keyring.backends.fail",
    "secretstorage",
    "typer._adapters",
    "vox_telemetry_spec.contract_version",
    "zoneinfo",
)


def import_program(package: str) -> set[str]:
    """Import what a run imports; name the variables that the program's own imports have read."""
    for name in EARLY:
        importlib.import_module(name)
    read: set[str] = set()
    real = os._Environ.__getitem__

    def noted(self: Any, name: str) -> str:
        read.add(name)
        return str(real(self, name))

    os._Environ.__getitem__ = noted  # type: ignore[method-assign]
    importlib.import_module(f"{package}.cli")
    os._Environ.__getitem__ = real  # type: ignore[method-assign]
    for name in LATE:
        importlib.import_module(name)
    return read


def next_order(orders: socket.socket) -> dict[str, Any] | None:
    """Fork for each order; return None in the warm process at the end, the order in a fork."""
    with selectors.DefaultSelector() as watched:
        watched.register(orders, selectors.EVENT_READ)
        while True:
            for ready, _ in watched.select():
                if ready.data is not None:
                    _tell_end(watched, ready.fd, *ready.data)
                    continue
                data, given, _, _ = socket.recv_fds(orders, ORDER_MAX_BYTES, DESCRIPTORS)
                if not data:
                    return None
                *streams, news = given
                order: dict[str, Any] = json.loads(data)
                pid = os.fork()
                if pid == 0:
                    watched.close()
                    orders.detach()
                    become(order, streams)
                    return order
                for descriptor in streams:
                    os.close(descriptor)
                os.write(news, str(pid).encode())
                watched.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, news))


def _tell_end(watched: selectors.BaseSelector, watcher: int, pid: int, news: int) -> None:
    _, status = os.waitpid(pid, 0)
    watched.unregister(watcher)
    os.close(watcher)
    with suppress(BrokenPipeError):  # nobody asks any more: the run took too long
        os.write(news, str(status).encode())
    os.close(news)


def become(order: dict[str, Any], streams: list[int]) -> None:
    """Make this fork what a new process would be: streams, environment, folder, limits, signals."""
    for target, descriptor in enumerate(streams):
        os.dup2(descriptor, target)
    os.closerange(3, INHERITED_MAX)
    # Where no locale is set, the start of an interpreter chooses one and says so here.
    locale = {name: value for name, value in os.environ.items() if name.startswith("LC_")}
    os.environ.clear()
    os.environ.update(locale | order["env"])
    time.tzset()
    os.chdir(order["cwd"])
    os.umask(order["umask"])
    resource.setrlimit(resource.RLIMIT_FSIZE, tuple(order["file_size_limit"]))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = order["command"]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    sys.stdin, sys.stdout, sys.stderr = (
        _reopened(stream, descriptor, name)
        for descriptor, (stream, name) in enumerate(
            [(sys.stdin, "<stdin>"), (sys.stdout, "<stdout>"), (sys.stderr, "<stderr>")]
        )
    )
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr


def _reopened(stream: Any, descriptor: int, name: str) -> TextIOWrapper:
    """Open a standard stream as the start of an interpreter does (`create_stdio`)."""
    reads, unbuffered = descriptor == 0, stream.write_through
    raw = open(descriptor, "rb" if reads else "wb", buffering=0, closefd=False)  # noqa: SIM115 -- it lives as long as the process
    raw.name = name
    opened = TextIOWrapper(
        BufferedReader(raw) if reads else raw if unbuffered else BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=not unbuffered and (descriptor == 2 or raw.isatty()),
        write_through=unbuffered,
    )
    opened.mode = "r" if reads else "w"
    return opened


def main() -> None:
    package, descriptor = sys.argv[1:]
    sys.path[0] = str(Path(sys.executable).parent)  # where the script is that a fork runs
    orders = socket.socket(fileno=int(descriptor))
    read = import_program(package)
    orders.send(json.dumps(sorted(read)).encode())
    gc.collect()
    gc.freeze()
    order = next_order(orders)
    if order is None:
        return
    runpy.run_path(order["command"][0], run_name="__main__")


if __name__ == "__main__":
    main()
