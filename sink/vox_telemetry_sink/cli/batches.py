"""`vox-telemetry-sink batches`: look at one stored batch."""

import json
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer

from vox_telemetry_sink.batches import ShownBatch, count_events, find_batch, record_shown
from vox_telemetry_sink.cli.operator import on_database
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.database import Connection
from vox_telemetry_sink.errors import RefusalError, SinkError
from vox_telemetry_sink.unpack import unpack_body
from vox_telemetry_spec.times import format_time

batches = typer.Typer(no_args_is_help=True, help="Look at stored batches.")


@batches.callback()
def _group() -> None:
    """Look at stored batches."""


@batches.command(epilog="Example: vox-telemetry-sink batches show BATCH_ID --body")
def show(
    batch_id: Annotated[UUID, typer.Argument(metavar="BATCH_ID", help="A batch id, whole.")],
    *,
    body: Annotated[
        bool, typer.Option("--body", help="The events as well, with a line in admin_log.")
    ] = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what is stored of one batch: whose, when, how much; its events only with --body."""

    async def found(connection: Connection) -> tuple[ShownBatch, dict[str, int]]:
        batch = await find_batch(connection, batch_id)
        if batch is None:
            raise SinkError(f"no batch {batch_id} is stored")
        if body and batch.coded_body is not None:
            await record_shown(connection, batch_id)
        return batch, await count_events(connection, batch_id)

    batch, events = on_database(database_url, data_dir, found)
    document = _document(batch, events)
    payload = _payload(batch) if body else None
    if as_json:
        if payload is not None:
            document["payload"] = msgspec.Raw(payload)
        typer.echo(msgspec.json.encode(document))
        return
    for name, value in document.items():
        typer.echo(f"{name:16}  {_plain(value)}")
    if payload is not None:
        # ASCII: whatever a text holds, it does not reach the terminal as a control character.
        typer.echo(json.dumps(json.loads(payload), indent=2))


def _document(batch: ShownBatch, events: dict[str, int]) -> dict[str, Any]:
    signed = None if batch.signed_request is None else msgspec.json.decode(batch.signed_request)
    return {
        "batch_id": str(batch.batch_id),
        "key_id": batch.key_id,
        "key_name": batch.key_name,
        "received_at": format_time(batch.received_at),
        "approved_at": format_time(batch.approved_at),
        "producer": f"{batch.producer_name}/{batch.producer_version}",
        "payload_sha256": batch.payload_sha256.hex(),
        "content_encoding": batch.content_encoding,
        "coded_bytes": batch.coded_bytes,
        "body_removed_at": batch.body_removed_at and format_time(batch.body_removed_at),
        "event_count": batch.event_count,
        "stored_events": events,
        "signed_request": signed,
    }


def _payload(batch: ShownBatch) -> bytes:
    if batch.coded_body is None:
        raise SinkError(f"the body of batch {batch.batch_id} is gone: retention took it")
    try:
        return unpack_body(batch.content_encoding, batch.coded_body)
    except RefusalError as exc:
        raise SinkError(
            f"the body of batch {batch.batch_id} cannot be unpacked: run audit verify"
        ) from exc


def _plain(value: object) -> str:
    return "-" if value is None else value if isinstance(value, str) else json.dumps(value)
