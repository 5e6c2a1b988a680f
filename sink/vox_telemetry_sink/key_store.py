"""The verbs of the key registry: who may upload, how that changes, and one-time codes.

Each change and its line in admin_log are one transaction; `by` adds to the line who did it, where
the database role does not tell.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from vox_telemetry_sink.admin_log import log_admin
from vox_telemetry_sink.database import QUERIES, Connection, Pool, mapped_driver_errors
from vox_telemetry_sink.errors import KeyChangeError
from vox_telemetry_sink.key_rows import (
    Enrolled,
    Invitation,
    KeyGrant,
    ListedKey,
    Rotation,
    code_id_of,
    described,
)
from vox_telemetry_sink.verify import EnrolledKey
from vox_telemetry_spec.enrolment import EnrolmentCode
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.times import format_time


class KeyStore:
    """The key registry in the database. Every method may raise the two errors of `database`."""

    def __init__(self, pool: Pool) -> None:
        """Use the pool; the caller closes it."""
        self._pool = pool

    async def find(self, key_id: str) -> EnrolledKey | None:
        """Return an enrolled key, whether it is good or not."""
        with mapped_driver_errors():
            row = await self._pool.fetchrow(QUERIES["find_key"], key_id)
        if row is None:
            return None
        return EnrolledKey(
            PublicKey(row["public_key"]),
            row["name"],
            SensitivityClass(row["max_sensitivity"]),
            row["revoked_at"] is not None,
            None if row["families"] is None else frozenset(row["families"]),
            row["not_before"],
            row["not_after"],
            is_waiting=row["approved_at"] is None,
        )

    async def list_all(self) -> list[ListedKey]:
        """Return all keys, the oldest first."""
        with mapped_driver_errors():
            return [ListedKey(*row) for row in await self._pool.fetch(QUERIES["list_keys"], None)]

    async def show(self, key_id: str) -> ListedKey | None:
        """Return one key."""
        with mapped_driver_errors():
            row = await self._pool.fetchrow(QUERIES["list_keys"], key_id)
        return None if row is None else ListedKey(*row)

    async def add(self, key: PublicKey, grant: KeyGrant, *, now: datetime) -> bool:
        """Enrol a key; return whether it is new."""
        with mapped_driver_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                is_new = await _add(connection, key, grant, now, approved_at=now)
                if is_new:
                    await log_admin(connection, "keys.add", key.key_id, described(grant))
        return is_new

    async def approve(
        self, key_id: str, *, now: datetime, by: Mapping[str, str] | None = None
    ) -> datetime | None:
        """Let a key that waits upload; return since when it may, or None for one not enrolled.

        A key that did not wait, or waits no more, keeps the time that it has.

        Raises:
            KeyChangeError: it is revoked, which nothing undoes.

        """
        with mapped_driver_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                approved_at: datetime | None = await connection.fetchval(
                    QUERIES["approve_key"], key_id, now
                )
                if approved_at is None and await _listed(connection, key_id) is not None:
                    raise KeyChangeError(
                        f"key {key_id} is revoked and stays so, expected one that waits: "
                        "let its owner enrol a new one"
                    )
                if approved_at == now:
                    await log_admin(connection, "keys.approve", key_id, by or {})
        return approved_at

    async def revoke(
        self, key_id: str, *, now: datetime, by: Mapping[str, str] | None = None
    ) -> datetime | None:
        """Revoke a key; return since when it is revoked, or None for a key that is not enrolled."""
        with mapped_driver_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                revoked_at: datetime | None = await connection.fetchval(
                    QUERIES["revoke_key"], key_id, now
                )
                if revoked_at == now:
                    await log_admin(connection, "keys.revoke", key_id, by or {})
        return revoked_at

    async def rotate(self, rotation: Rotation, *, now: datetime) -> tuple[ListedKey, ListedKey]:
        """Enrol a key with the name and rights of a good one, which ends after the overlap.

        Returns:
            The old key and the new one, as they are now.

        Raises:
            KeyChangeError: the old key is not enrolled, not good or replaced already, or the new
                one is enrolled already; nothing has changed.

        """
        with mapped_driver_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(QUERIES["lock_key"], rotation.old_id)
                old = _rotatable(await _listed(connection, rotation.old_id), rotation.old_id, now)
                grant = rotation.grant(old, now)
                if not await _add(
                    connection, rotation.new, grant, now, approved_at=now, replaces=old.key_id
                ):
                    raise KeyChangeError(
                        f"key {rotation.new.key_id} is enrolled already, expected a new one"
                    )
                await connection.execute(QUERIES["end_key"], old.key_id, now + rotation.overlap)
                ended = await _certain(connection, old.key_id)
                detail = described(grant) | {
                    "replaces": old.key_id,
                    "old_not_after": ended.not_after and format_time(ended.not_after),
                }
                await log_admin(connection, "keys.rotate", rotation.new.key_id, detail)
                return ended, await _certain(connection, rotation.new.key_id)

    async def invite(self, code: EnrolmentCode, invitation: Invitation, *, now: datetime) -> str:
        """Keep a one-time code, by its SHA-256; return the id by which records name it."""
        grant, code_id = invitation.grant, code_id_of(code)
        with mapped_driver_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    QUERIES["keep_code"],
                    code.sha256,
                    grant.name,
                    grant.max_sensitivity.value,
                    grant.families,
                    invitation.valid_days,
                    now,
                    invitation.expires_at,
                    invitation.needs_approval,
                )
                detail = described(grant) | {
                    "valid_days": invitation.valid_days,
                    "expires_at": format_time(invitation.expires_at),
                    "needs_approval": invitation.needs_approval,
                }
                await log_admin(connection, "keys.invite", code_id, detail)
        return code_id

    async def enrol(self, code: EnrolmentCode, key: PublicKey, *, now: datetime) -> Enrolled | None:
        """Use a code for a key, once; None where the code is not good for this key.

        The code is claimed by one UPDATE: of two at once the second waits for the first and then
        finds it used. The same key with the same code again changes nothing.
        """
        with mapped_driver_errors():
            async with self._pool.acquire() as connection:
                try:
                    async with connection.transaction():
                        return await _enrol(connection, code, key, now)
                except _NotEnrolledError:
                    return None


class _NotEnrolledError(Exception):
    """The transaction is to be rolled back: the code stays as it was."""


async def _enrol(
    connection: Connection, code: EnrolmentCode, key: PublicKey, now: datetime
) -> Enrolled:
    claimed = await connection.fetchrow(QUERIES["claim_code"], code.sha256, key.key_id, now)
    if claimed is None:
        if not await connection.fetchval(QUERIES["code_was_used_by"], code.sha256, key.key_id):
            raise _NotEnrolledError
        return Enrolled(await _certain(connection, key.key_id), is_new=False)
    name, sensitivity, families, valid_days, needs_approval = claimed
    not_after = None if valid_days is None else now + timedelta(days=valid_days)
    grant = KeyGrant(name, SensitivityClass(sensitivity), families, not_after=not_after)
    if not await _add(connection, key, grant, now, approved_at=None if needs_approval else now):
        raise _NotEnrolledError
    detail = described(grant) | {"code_id": code_id_of(code), "needs_approval": needs_approval}
    await log_admin(connection, "keys.enrol", key.key_id, detail)
    return Enrolled(await _certain(connection, key.key_id), is_new=True)


def _rotatable(old: ListedKey | None, old_id: str, now: datetime) -> ListedKey:
    if old is None:
        raise KeyChangeError(f"key '{old_id}' is not enrolled, expected one of keys list")
    if (state := old.state(now)) == "waiting":
        raise KeyChangeError(f"key {old_id} waits for approval, expected a good one: approve it")
    if state != "good":
        raise KeyChangeError(f"key {old_id} is {state}, expected a good one: use keys add")
    if old.replaced_by is not None:
        raise KeyChangeError(
            f"key {old_id} is replaced by {old.replaced_by} already: rotate that one"
        )
    return old


async def _listed(connection: Connection, key_id: str) -> ListedKey | None:
    row = await connection.fetchrow(QUERIES["list_keys"], key_id)
    return None if row is None else ListedKey(*row)


async def _certain(connection: Connection, key_id: str) -> ListedKey:
    listed = await _listed(connection, key_id)
    if listed is None:  # this transaction has written it
        raise RuntimeError("a key that was just written is not there")
    return listed


async def _add(
    connection: Connection,
    key: PublicKey,
    grant: KeyGrant,
    now: datetime,
    *,
    approved_at: datetime | None,
    replaces: str | None = None,
) -> bool:
    added = await connection.fetchval(
        QUERIES["add_key"],
        key.key_id,
        key.raw,
        grant.name,
        now,
        grant.max_sensitivity.value,
        grant.families,
        grant.not_before,
        grant.not_after,
        replaces,
        approved_at,
    )
    return added is not None
