"""GET /livez: does the process answer? GET /readyz: can it store? Check ids outlive wordings."""

import asyncio
from collections.abc import Iterator

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from vox_telemetry_sink.errors import MigrationError, StoreError
from vox_telemetry_sink.ingest import Sink
from vox_telemetry_sink.openapi_health import LivezOperation, ReadyzOperation
from vox_telemetry_sink.writer import Writer
from vox_telemetry_spec.limits import OVERLOAD_RETRY_AFTER_S, READY_DEADLINE_S

JSON = "application/json"


class Check(msgspec.Struct, frozen=True):
    """One check; docs/operating-sink.md says what each id stands for and what to do."""

    id: str
    name: str
    ok: bool
    message: str = ""


class Health(msgspec.Struct, frozen=True):
    """What an orchestrator polls."""

    status: str
    checks: list[Check] = []


@get("/livez", operation_class=LivezOperation, media_type=JSON)
async def livez() -> Health:
    """Answer without a look at anything: a database that is away is no reason to restart us."""
    return Health("ok")


@get("/readyz", operation_class=ReadyzOperation, media_type=JSON)
async def readyz(sink: NamedDependency[Sink]) -> Response[Health]:
    """Answer 503 while batches cannot be stored."""
    checks = await checks_of(sink)
    ready = all(check.ok for check in checks)
    health = Health("ready" if ready else "not-ready", checks)
    headers = {} if ready else {"retry-after": str(OVERLOAD_RETRY_AFTER_S)}
    return Response(health, status_code=200 if ready else 503, media_type=JSON, headers=headers)


async def checks_of(sink: Sink) -> list[Check]:
    """Return every check of this worker, made now."""
    return [*await _check_store(sink), *_check_writer(sink.writer)]


async def _check_store(sink: Sink) -> list[Check]:
    """Look at the database, its schema and its partitions; what cannot be seen is not listed."""
    try:
        async with asyncio.timeout(READY_DEADLINE_S):
            return await _look_at_store(sink)
    except TimeoutError:
        return [_check("database", f"the database did not answer within {READY_DEADLINE_S:g} s")]
    except StoreError as exc:
        return [_check("database", str(exc))]


async def _look_at_store(sink: Sink) -> list[Check]:
    database = _check("database")
    try:
        pending = await sink.store.pending_migrations()
    except MigrationError as exc:
        return [database, _check("migrations", str(exc))]
    if pending:
        message = f"{len(pending)} migrations pending: run vox-telemetry-sink migrate"
        return [database, _check("migrations", message)]
    takes_rows = await sink.store.takes_rows_now()
    message = "" if takes_rows else "no partition takes this month's events"
    return [database, _check("migrations"), _check("partitions", message)]


def _check_writer(writer: Writer) -> Iterator[Check]:
    yield _check("writer", "" if writer.is_running else "the writer has ended: restart the sink")
    yield _check("queue", "the queue is full" if writer.is_full else "")


_IDS = {
    "database": "sink.E001",
    "migrations": "sink.E002",
    "partitions": "sink.E003",
    "writer": "sink.E004",
    "queue": "sink.E005",
}


def _check(name: str, trouble: str = "") -> Check:
    return Check(_IDS[name], name, not trouble, trouble)
