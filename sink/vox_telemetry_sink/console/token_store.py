"""The verbs of console tokens; each change and its line in admin_log are one transaction."""

from datetime import datetime

from vox_telemetry_sink.admin_log import log_admin
from vox_telemetry_sink.console.tokens import ConsoleToken, KnownToken, ListedToken
from vox_telemetry_sink.console.visitor import Role
from vox_telemetry_sink.database import QUERIES, Pool, mapped_driver_errors
from vox_telemetry_spec.times import format_time


class TokenStore:
    """The console's tokens in the database. Each method may raise the two errors of `database`."""

    def __init__(self, pool: Pool) -> None:
        """Use the pool; the caller closes it."""
        self._pool = pool

    async def add(
        self, token: ConsoleToken, name: str, role: Role, *, now: datetime, expires_at: datetime
    ) -> None:
        """Keep a new token, by the SHA-256 of its secret."""
        detail = {"name": name, "role": role.value, "expires_at": format_time(expires_at)}
        row = (token.token_id, token.secret_sha256, name, role.value, now, expires_at)
        with mapped_driver_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(QUERIES["add_console_token"], *row)
                await log_admin(connection, "console.token.add", token.token_id, detail)

    async def list_all(self) -> list[ListedToken]:
        """Return all tokens, the oldest first."""
        with mapped_driver_errors():
            rows = await self._pool.fetch(QUERIES["list_console_tokens"])
        return [ListedToken(*row) for row in rows]

    async def find(self, token_id: str, *, now: datetime) -> KnownToken | None:
        """Return a token, good or not."""
        with mapped_driver_errors():
            row = await self._pool.fetchrow(QUERIES["find_console_token"], token_id, now)
        if row is None:
            return None
        return KnownToken(row["secret_sha256"], row["name"], row["is_good"])

    async def revoke(self, token_id: str, *, now: datetime) -> datetime | None:
        """Revoke a token and end its sessions; return since when, or None for an unknown one."""
        with mapped_driver_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                row = await connection.fetchrow(QUERIES["revoke_console_token"], token_id, now)
                if row is None:
                    return None
                revoked_at: datetime = row["revoked_at"]
                await connection.execute(QUERIES["end_console_sessions"], token_id)
                if revoked_at == now:
                    detail = {"name": row["name"]}
                    await log_admin(connection, "console.token.revoke", token_id, detail)
        return revoked_at

    async def keep_refusal(self, token_id: str, name: str) -> None:
        """Log that somebody presented a known token that is not good, or its id alone."""
        with mapped_driver_errors():
            async with self._pool.acquire() as connection:
                detail = {"name": name, "ok": False}
                await log_admin(connection, "console.sign-in", token_id, detail)
