"""`vox-telemetry-sink export`: the events of a time range, to a file or to stdout."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Annotated

import typer

from vox_telemetry_sink.cli.operator import moment, on_database
from vox_telemetry_sink.cli.settings import DatabaseUrl, DataDir
from vox_telemetry_sink.columns import Column, columns_of
from vox_telemetry_sink.database import Connection
from vox_telemetry_sink.errors import SinkError, os_words
from vox_telemetry_sink.export import JsonLines, RowWriter, Selection, record_export
from vox_telemetry_sink.export import export as export_rows
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.registry import Registry


class Format(StrEnum):
    """What `--format` takes."""

    JSONL = "jsonl"
    PARQUET = "parquet"


def export(  # noqa: PLR0913 -- each is a flag
    *,
    since: Annotated[str, typer.Option(help="From when on: 2026-11-01 or 2026-11-01T00:00:00Z.")],
    until: Annotated[str | None, typer.Option(help="Before when; default: now.")] = None,
    file_format: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.JSONL,
    family: Annotated[str | None, typer.Option(help="One family; default: all.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file, which appears when it is whole; default: stdout.")
    ] = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Write the events received in a time range, one by one, with a line in admin_log."""
    end = datetime.now(UTC) if until is None else moment(until, "--until")
    selection = Selection(moment(since, "--since"), end, family)
    columns = None if family is None else _columns(family)
    if file_format is Format.PARQUET and out is None:
        raise typer.BadParameter("parquet is not for a terminal, expected --out FILE")

    async def exported(connection: Connection) -> int:
        with _opened(out) as file:
            writer = _writer(file_format, file, columns)
            await record_export(connection, selection, file_format.value)
            return await export_rows(connection, selection, writer)

    count = on_database(database_url, data_dir, exported)
    typer.echo(f"exported {count} events", err=True)


def _columns(family: str) -> list[Column]:
    contracts = Contracts(Registry.load())
    for known in contracts.registry.families:
        contract = contracts.of(known)
        if known.family == family and contract is not None:
            return columns_of(contract.document)
    raise typer.BadParameter(
        f"'{family}' is no family that may be uploaded, expected one of docs/taxonomy.md",
        param_hint="--family",
    )


def _writer(file_format: Format, file: IO[bytes], columns: list[Column] | None) -> RowWriter:
    if file_format is Format.JSONL:
        return JsonLines(file.write)
    # Imported only when it is wanted: pyarrow is an extra.
    from vox_telemetry_sink.export_parquet import Parquet  # noqa: PLC0415 -- as said

    return Parquet(file, columns)


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    """Give stdout, or a temporary file beside `out` that takes its place when it is whole.

    Raises:
        SinkError: the file cannot be written.

    """
    try:
        if out is None:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            yield from _replacing(out)
    except OSError as exc:
        raise SinkError(f"cannot write '{out or 'stdout'}': {os_words(exc)}") from exc


def _replacing(out: Path) -> Iterator[IO[bytes]]:
    # Mode 0600, as every temporary file: rows of single keys are in it.
    with NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
        unfinished = Path(file.name)
        try:
            yield file.file
            file.flush()
            os.fsync(file.fileno())
            file.close()
            unfinished.replace(out)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
