"""Choose the user that Postgres runs as: it refuses to be root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError

NOBODY_ID: Final = 65534  # also what the kernel shows for an id that a namespace does not map
_NAMESPACE: Final = (
    "unshare",
    "--user",
    f"--map-user={NOBODY_ID}",
    f"--map-group={NOBODY_ID}",
)
_PROBE_WITHIN_S: Final = 10


@dataclass(frozen=True)
class ServerUser:
    """Who owns the files, how a program is started as that user, and who we are to the server."""

    uid: int
    prefix: tuple[str, ...]
    peer_name: str


def choose_server_user(cluster: Path) -> ServerUser:
    """Choose by who we are and, once there is a cluster, by who owns it.

    A plain user runs Postgres as itself. Root runs it in a user namespace where root is called
    nobody, so that the files stay root's and no user is added; where namespaces are refused, as the
    real nobody. What a namespace does not map also looks like nobody to peer authentication: the
    0700 folder around the socket is what keeps other users out.

    Raises:
        EmbeddedPostgresError: our id has no name, or the cluster is another user's.
    """
    me = os.geteuid()
    owner = cluster.stat().st_uid if cluster.exists() else None
    if me != 0 and owner in (None, me):
        return ServerUser(me, (), _name_of(me))
    if me == 0 and owner in (None, 0) and _namespaces_work():
        return ServerUser(0, _NAMESPACE, _name_of(NOBODY_ID))
    if me == 0 and owner in (None, NOBODY_ID):
        prefix = ("setpriv", f"--reuid={NOBODY_ID}", f"--regid={NOBODY_ID}", "--clear-groups")
        return ServerUser(NOBODY_ID, prefix, _name_of(0))
    if me == 0 and owner == 0:
        raise EmbeddedPostgresError(
            f"{cluster} is root's, and this machine lets root make no user namespace (unshare); "
            "allow them, or run as the plain user you chown the folder to"
        )
    raise EmbeddedPostgresError(
        f"{cluster} belongs to user id {owner}, this is {me}; run as {owner}"
    )


def _namespaces_work() -> bool:
    try:
        done = subprocess.run(  # noqa: S603 -- a constant command
            [*_NAMESPACE, "true"], capture_output=True, timeout=_PROBE_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError as exc:
        raise EmbeddedPostgresError(
            f"user id {uid} has no name in the user database, postgres needs one; add it there, or "
            "set VOX_SINK_DATABASE_URL"
        ) from exc
