"""Run the embedded Postgres for the length of a block."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from vox_telemetry_sink.embedded import postmaster
from vox_telemetry_sink.embedded.binaries import find_binaries
from vox_telemetry_sink.embedded.cluster import ensure_cluster
from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError
from vox_telemetry_sink.embedded.lock import turn, use
from vox_telemetry_sink.embedded.programs import Programs
from vox_telemetry_sink.embedded.server_user import choose_server_user
from vox_telemetry_sink.embedded.socket_folder import make_socket_folder, remove_socket_folder
from vox_telemetry_sink.embedded.supervisor import supervision


@contextmanager
def running_postgres(data_dir: Path, *, supervised: bool = False) -> Iterator[str]:
    """Start the server of a data directory, or join the one that runs; yield the DSN of `vox`.

    When it is `supervised`, a server that ends inside the block is started again.

    Everything lies in `<data_dir>/postgres`: the cluster `pg`, the server's `log`, and two lock
    files. The last user of the server stops it, so that neither a short command beside a long one
    nor a server orphaned by a kill -9 needs an owner.

    Raises:
        EmbeddedPostgresError: it is not installed, or cannot be made, started or stopped.
    """
    binaries = find_binaries()
    home = data_dir.resolve() / "postgres"
    with ExitStack() as stack:
        with _mapped_os_errors(home):
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            our_use = stack.enter_context(use(home / "users"))
            with turn(home / "turn"):
                programs = Programs(binaries, choose_server_user(home / "pg"))
                os.chown(home, programs.user.uid, -1)
                socket_folder = _start_or_join(home / "pg", programs)
        try:
            with ExitStack() as watch:
                if supervised:
                    watch.enter_context(supervision(home, socket_folder, programs))
                yield _dsn(socket_folder)
        finally:
            with _mapped_os_errors(home), turn(home / "turn"):
                if our_use.is_last():
                    postmaster.stop(home / "pg", programs)
                    remove_socket_folder(socket_folder)


def _start_or_join(cluster: Path, programs: Programs) -> Path:
    running = postmaster.socket_folder_of_running(cluster)
    if running is not None:
        return running
    ensure_cluster(cluster, programs)
    socket_folder = make_socket_folder(cluster, programs.user)
    postmaster.start(cluster, socket_folder, cluster.with_name("log"), programs)
    return socket_folder


def _dsn(socket_folder: Path) -> str:
    return f"postgresql:///vox?host={quote(str(socket_folder))}&port=5432&user=vox"


@contextmanager
def _mapped_os_errors(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise EmbeddedPostgresError(
            f"{exc.filename or home}: {exc.strerror}; choose another data directory, or make room"
        ) from exc
