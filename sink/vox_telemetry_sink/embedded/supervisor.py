"""Start the embedded server again when it has ended, in a thread, with a growing pause."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vox_telemetry_sink.embedded import postmaster
from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError
from vox_telemetry_sink.embedded.lock import turn
from vox_telemetry_sink.embedded.programs import Programs
from vox_telemetry_sink.logs import log
from vox_telemetry_spec.limits import (
    EMBEDDED_RESTART_WAIT_MAX_S,
    EMBEDDED_RESTART_WAIT_MIN_S,
    EMBEDDED_WATCH_INTERVAL_S,
)


@contextmanager
def supervision(home: Path, socket_folder: Path, programs: Programs) -> Iterator[None]:
    """Look after the server of `<home>/pg` for the length of a block.

    It is started with the same socket folder, so that its users find it where it was. Several
    supervisors of one server take turns, and the second finds it running.
    """
    ended = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(ended, home, socket_folder, programs), name="postgres-watch"
    )
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _watch(ended: threading.Event, home: Path, socket_folder: Path, programs: Programs) -> None:
    wait_s = EMBEDDED_RESTART_WAIT_MIN_S
    while not ended.wait(EMBEDDED_WATCH_INTERVAL_S):
        if postmaster.socket_folder_of_running(home / "pg") is not None:
            wait_s = max(EMBEDDED_RESTART_WAIT_MIN_S, wait_s - EMBEDDED_WATCH_INTERVAL_S)
            continue
        log().error("postgres-gone", restart_in_s=wait_s)
        if ended.wait(wait_s):
            return
        # Not reset at once: a server that ends soon after each start must not be started in a loop.
        wait_s = min(2 * wait_s, EMBEDDED_RESTART_WAIT_MAX_S)
        _start(home, socket_folder, programs)


def _start(home: Path, socket_folder: Path, programs: Programs) -> None:
    try:
        with turn(home / "turn"):
            if postmaster.socket_folder_of_running(home / "pg") is None:
                postmaster.start(home / "pg", socket_folder, home / "log", programs)
    except (EmbeddedPostgresError, OSError) as exc:
        log().error("postgres-not-started", reason=str(exc))
    else:
        log().info("postgres-started")
