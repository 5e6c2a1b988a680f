"""A telemetry endpoint as one writes it in an afternoon: no signature, one INSERT an event.

`TRANSACTION=request` in the environment commits once a request instead of once an event.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from litestar import Litestar, post
from litestar.datastructures import State

INSERT = """
INSERT INTO naive_event (metric_type, session_id, recorded_at, metric_value, metadata)
VALUES ($1, $2, $3, $4, $5)
"""
ONE_TRANSACTION = os.environ.get("TRANSACTION") == "request"


@dataclass
class Event:
    """What a client sends."""

    metric_type: str
    session_id: str
    recorded_at: datetime
    metric_value: float | None
    metadata: dict[str, Any]


@asynccontextmanager
async def pool(app: Litestar) -> AsyncIterator[None]:
    """Hold connections while the application runs."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=8) as opened:
        app.state.pool = opened
        yield


@post("/events")
async def take(data: list[Event], state: State) -> dict[str, int]:
    """Store events one by one."""
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(state.pool.acquire())
        if ONE_TRANSACTION:
            await stack.enter_async_context(connection.transaction())
        for event in data:
            metadata = msgspec.json.encode(event.metadata).decode()
            await connection.execute(
                INSERT,
                event.metric_type,
                event.session_id,
                event.recorded_at,
                event.metric_value,
                metadata,
            )
    return {"stored": len(data)}


app = Litestar([take], lifespan=[pool])
