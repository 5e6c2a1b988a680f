"""GET /livez: does the process answer? GET /readyz: can it store? Check ids outlive wordings."""

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from vox_telemetry_sink.errors import MigrationError, StoreError
from vox_telemetry_sink.ingest import Sink

JSON = "application/json"


class Check(msgspec.Struct, frozen=True):
    """One check: `sink.E001` the database answers, `sink.E002` its schema is ours."""

    id: str
    ok: bool
    message: str


class Health(msgspec.Struct, frozen=True):
    """What an orchestrator polls."""

    status: str
    checks: list[Check] = []


@get("/livez", summary="Does the process answer?", media_type=JSON)
async def livez() -> Health:
    """Answer without a look at anything: a database that is away is no reason to restart us."""
    return Health("ok")


@get("/readyz", summary="Can a batch be stored now?", media_type=JSON)
async def readyz(sink: NamedDependency[Sink]) -> Response[Health]:
    """Answer 503 while batches cannot be stored."""
    checks = await _check_store(sink)
    ready = all(check.ok for check in checks)
    health = Health("ready" if ready else "not-ready", checks)
    return Response(health, status_code=200 if ready else 503, media_type=JSON)


async def _check_store(sink: Sink) -> list[Check]:
    try:
        pending = await sink.store.pending_migrations()
    except MigrationError as exc:
        return [Check("sink.E001", True, ""), Check("sink.E002", False, str(exc))]  # noqa: FBT003 -- named by its id
    except StoreError as exc:
        return [Check("sink.E001", False, str(exc))]  # noqa: FBT003 -- named by its id
    message = f"{len(pending)} migrations pending: run vox-telemetry-sink migrate" * bool(pending)
    return [Check("sink.E001", True, ""), Check("sink.E002", not pending, message)]  # noqa: FBT003 -- named by its id
