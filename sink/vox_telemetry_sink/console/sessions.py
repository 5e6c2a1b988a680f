"""Who is signed in: sessions in the database, found by the SHA-256 of the id in a cookie.

The database and not a worker's memory, since several workers and sinks share only that. The token
of a session is asked at each request, so that a revoked one ends its sessions at once.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Final

from vox_telemetry_sink.admin_log import log_admin
from vox_telemetry_sink.console.tokens import hashed
from vox_telemetry_sink.console.visitor import Role, Visitor
from vox_telemetry_sink.database import QUERIES, Pool, mapped_driver_errors
from vox_telemetry_spec.limits import (
    CONSOLE_IDLE_MAX_S,
    CONSOLE_SECRET_BYTES,
    CONSOLE_SESSION_MAX_S,
    CONSOLE_USE_KEPT_EVERY_S,
)

_SESSION_ID: Final = re.compile(rf"[0-9a-f]{{{2 * CONSOLE_SECRET_BYTES}}}")
_LIFE: Final = timedelta(seconds=CONSOLE_SESSION_MAX_S)
_IDLE: Final = timedelta(seconds=CONSOLE_IDLE_MAX_S)
_KEPT_EVERY: Final = timedelta(seconds=CONSOLE_USE_KEPT_EVERY_S)


class SessionStore:
    """The console's sessions. Each method may raise the two errors of `database`."""

    def __init__(self, pool: Pool) -> None:
        """Use the pool; the caller closes it."""
        self._pool = pool

    async def begin(self, token_id: str, name: str, *, now: datetime) -> str:
        """Open a session with a new id, log it, and sweep those that are over."""
        session_id = secrets.token_hex(CONSOLE_SECRET_BYTES)
        row = (hashed(session_id), token_id, now)
        with mapped_driver_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    QUERIES["sweep_console_sessions"], now - _LIFE, now - _IDLE
                )
                await connection.execute(QUERIES["begin_console_session"], *row)
                detail = {"name": name, "ok": True}
                await log_admin(connection, "console.sign-in", token_id, detail)
        return session_id

    async def find(
        self, session_id: str, *, now: datetime, by_a_person: bool = True
    ) -> Visitor | None:
        """Return who is signed in by this id, or None.

        What is asked `by_a_person` keeps the session from being idle and takes its notice; what a
        page asks for by itself does neither, or a forgotten window would stay signed in.
        """
        if not is_secret(session_id):
            return None
        digest = hashed(session_id)
        with mapped_driver_errors():
            row = await self._pool.fetchrow(
                QUERIES["find_console_session"], digest, now, now - _LIFE, now - _IDLE
            )
            if row is None:
                return None
            if by_a_person and now - row["used_at"] >= _KEPT_EVERY:
                await self._pool.execute(QUERIES["use_console_session"], digest, now)
            if by_a_person and row["notice"] is not None:
                await self._pool.execute(QUERIES["put_console_notice"], digest, None)
        return Visitor(
            name=row["name"],
            role=Role(row["role"]),
            csrf_token=csrf_token(session_id),
            token_id=row["token_id"],
            notice=row["notice"] if by_a_person else None,
        )

    async def put_notice(self, session_id: str, notice: str) -> None:
        """Let the next page of this session say something."""
        with mapped_driver_errors():
            await self._pool.execute(QUERIES["put_console_notice"], hashed(session_id), notice)

    async def end(self, session_id: str) -> None:
        """Sign out."""
        with mapped_driver_errors():
            await self._pool.execute(QUERIES["end_console_session"], hashed(session_id))


def is_secret(text: str) -> bool:
    """Tell whether a cookie holds what could be an id of ours; else the database is not asked."""
    return _SESSION_ID.fullmatch(text) is not None


def csrf_token(secret: str) -> str:
    """Return what a form carries to prove that it was made for the holder of this secret.

    An HMAC of it, so that a page which leaks gives no session away; nothing is kept.
    """
    return hmac.new(secret.encode(), b"vox-telemetry-sink console form", hashlib.sha256).hexdigest()
