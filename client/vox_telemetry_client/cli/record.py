"""`vox-telemetry record`: keep one row in the local store. Nothing is sent."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.errors import InputRefusedError
from vox_telemetry_client.reading import STANDARD_INPUT
from vox_telemetry_client.recording import record as keep
from vox_telemetry_client.recording import recording_switch
from vox_telemetry_client.settings import settings
from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.limits import METADATA_MAX_BYTES
from vox_telemetry_spec.strict_json import JsonValue, decode

# White space may make the text longer than what is stored; more than twice is no metadata.
_TEXT_MAX_BYTES = 2 * METADATA_MAX_BYTES

Db = Annotated[Path | None, typer.Option(help="The store; default: VOX_TELEMETRY_DB.")]


def record(
    *,
    metric_type: Annotated[str, typer.Option("--type", help="Metric type.")],
    session: Annotated[str, typer.Option(help="Session id, as bench:REPOSITORY.")],
    value: Annotated[float | None, typer.Option(help="A number; none means no scalar.")] = None,
    metadata: Annotated[
        str | None, typer.Option(help="A JSON object; - reads it from stdin.")
    ] = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Keep one row in the local store; does nothing where telemetry is switched off."""
    path = db or settings().store
    row_id = keep(metric_type, session, value, _object(metadata), db=path)
    reason = recording_switch()(metric_type) if row_id is None else None
    if as_json:
        output.document({"recorded": row_id is not None, "id": row_id, "reason": reason})
    elif row_id is None:
        output.note(f"not recorded: {reason}")
    else:
        output.line(f"recorded row {row_id} in {path}")


def _object(text: str | None) -> dict[str, JsonValue] | None:
    if text is None:
        return None
    raw = (
        sys.stdin.buffer.read(_TEXT_MAX_BYTES + 1)
        if text == STANDARD_INPUT
        else text.encode(errors="surrogateescape")
    )
    if len(raw) > _TEXT_MAX_BYTES:
        raise InputRefusedError(f"--metadata is longer than {_TEXT_MAX_BYTES} bytes")
    try:
        found = decode(raw.strip())
    except JsonRefusedError as exc:
        raise InputRefusedError(f"--metadata is no strict JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise InputRefusedError("--metadata is no JSON object, expected one")
    return found
