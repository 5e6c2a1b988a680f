"""`vox-telemetry record`: keep one row, or those of a test run, in the local store."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.cli.record_junit import record_junit
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


Junit = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="Record the timings of a JUnit XML file instead; - is stdin; may be repeated.",
    ),
]


def record(  # noqa: PLR0913 -- typer makes each of them an option
    *,
    metric_type: Annotated[str | None, typer.Option("--type", help="Metric type.")] = None,
    session: Annotated[str | None, typer.Option(help="Session id, as bench:REPOSITORY.")] = None,
    value: Annotated[float | None, typer.Option(help="A number; none means no scalar.")] = None,
    metadata: Annotated[
        str | None, typer.Option(help="A JSON object; - reads it from stdin.")
    ] = None,
    junit: Junit = None,
    repository: Annotated[
        str | None, typer.Option(help="With --junit: what the session id says after bench:.")
    ] = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Keep one row, or those of test runs, in the local store; nothing where switched off."""
    path = db or settings().store
    if junit:
        if any(given is not None for given in (metric_type, session, value, metadata)):
            raise typer.BadParameter("--junit makes its rows itself, expected --repository alone")
        if repository is None:
            raise typer.BadParameter("--junit needs --repository")
        record_junit(junit, repository, path, as_json=as_json)
        return
    if metric_type is None or session is None or repository is not None:
        raise typer.BadParameter("expected --type and --session, or --junit and --repository")
    _record_row(path, (metric_type, session, value, metadata), as_json=as_json)


def _record_row(
    path: Path, row: tuple[str, str, float | None, str | None], *, as_json: bool
) -> None:
    metric_type, session, value, metadata = row
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
