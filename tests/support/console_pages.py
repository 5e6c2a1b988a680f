"""The console's pages for one visitor, on a real database, without a door; and rows for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import httpx
import msgspec

from support.stored import run
from vox_telemetry_sink.app import create_litestar
from vox_telemetry_sink.config import Config
from vox_telemetry_sink.console.router import console_router
from vox_telemetry_sink.console.visitor import Role, Visitor
from vox_telemetry_sink.front import Front

NOW = datetime(2026, 11, 20, 15, 20, tzinfo=UTC)
TODAY = NOW.date()


@asynccontextmanager
async def opened_pages(
    config: Config, role: Role = Role.ADMIN, now: datetime = NOW
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the console in process to somebody who is signed in as `role`."""

    async def who() -> Visitor:
        return Visitor("ada", role, "c" * 64)

    app = create_litestar(replace(config, console=False))
    app.register(console_router(who, lambda: now))
    transport = httpx.ASGITransport(Front(app))
    ready, done = asyncio.Event(), asyncio.Event()

    async def live() -> None:  # in a task of its own: a fixture ends in another than it began in
        async with app.lifespan():
            ready.set()
            await done.wait()

    living = asyncio.create_task(live())
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([living, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client
    finally:
        done.set()
        waiting.cancel()
        await living


class Fresh:
    """Figures that are read anew, each call in a turn of its own."""

    def __init__(self, turn: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        self._turn = turn

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def read(*arguments: Any, **named: Any) -> Any:
            async with self._turn() as figures:
                return await getattr(figures, name)(*arguments, **named)

        return read


async def store_key(dsn: str, key_id: str, name: str, **columns: Any) -> None:
    """Enrol a key that is good, then change its columns."""
    given = {"max_sensitivity": "S1", "enrolled_at": NOW, "approved_at": NOW} | columns
    names = ", ".join(given)
    places = ", ".join(f"${number}" for number in range(3, 3 + len(given)))
    await run(
        dsn,
        f"INSERT INTO client_key (key_id, public_key, name, {names})"  # noqa: S608 -- our own names
        f" VALUES ($1, sha256($1::text::bytea), $2, {places})",
        key_id,
        name,
        *given.values(),
    )


async def store_upload(
    dsn: str,
    key_id: str,
    received_at: datetime,
    families: Mapping[str, int] | None = None,
    version: str = "1.0",
) -> None:
    """Store a batch with so many events of each family, which are counted and not there."""
    counts = dict(families or {"benchmark": 1})
    await run(
        dsn,
        "INSERT INTO batch (batch_id, key_id, received_at, approved_at, event_count, family_counts,"
        " producer_name, producer_version, payload_sha256, coded_body, signed_request) VALUES"
        " ($1, $2, $3, $3, $4, $5::text::jsonb, 'p', $6, sha256('x'), 'body', '{}')",
        uuid4(),
        key_id,
        received_at,
        sum(counts.values()),
        msgspec.json.encode(counts).decode(),
        version,
    )


async def store_refusal(
    dsn: str,
    key_id: str,
    rejected_at: datetime,
    *places: tuple[str, str],
    problem: str = "contract-refused",
    events: int | None = 10,
) -> None:
    """Store a rejection with (rule, pointer) pairs."""
    violations = [{"event": 0, "rule": rule, "pointer": pointer} for rule, pointer in places]
    await run(
        dsn,
        "INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256,"
        " coded_bytes, event_count) VALUES ($1, $2, $3, $4::text::jsonb, sha256('y'), 9, $5)",
        rejected_at,
        key_id,
        problem,
        msgspec.json.encode(violations).decode(),
        events,
    )


async def store_repetitions(dsn: str, key_id: str, day: date, batches: int, events: int) -> None:
    """Store a tally."""
    await run(
        dsn, "INSERT INTO duplicate_tally VALUES ($1, $2, $3, $4)", day, key_id, batches, events
    )


async def store_day_of(dsn: str, keys: int, moment: datetime) -> None:
    """Store of each of so many keys: 3 events, 2 refused ones in a batch, 5 in one repeated."""
    numbered = "FROM generate_series(0, $2 - 1) AS number"
    await run(
        dsn,
        "INSERT INTO batch (batch_id, key_id, received_at, approved_at, event_count, family_counts,"
        " producer_name, producer_version, payload_sha256, coded_body, signed_request)"
        " SELECT gen_random_uuid(), 'key-' || number, $1, $1, 3, '{\"benchmark\": 3}', 'p', '1',"
        f" sha256('x'), 'body', '{{}}' {numbered}",
        moment,
        keys,
    )
    await run(
        dsn,
        "INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256,"
        " coded_bytes, event_count) SELECT $1, 'key-' || number, 'contract-refused',"
        ' \'[{"event": 0, "rule": "r.one", "pointer": "/x"}]\','
        f" sha256('y'), 9, 2 {numbered}",
        moment,
        keys,
    )
    await run(
        dsn,
        f"INSERT INTO duplicate_tally SELECT $1, 'key-' || number, 1, 5 {numbered}",
        moment.date(),
        keys,
    )
