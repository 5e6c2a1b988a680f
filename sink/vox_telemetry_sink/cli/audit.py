"""`vox-telemetry-sink audit`: whether what is stored still is what was signed."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from vox_telemetry_sink.audit import Difference
from vox_telemetry_sink.audit_store import Audited, audit_all
from vox_telemetry_sink.cli.operator import moment, on_database
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.database import Connection
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.registry import Registry

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_EXIT_DIFFERENT = 1

audit = typer.Typer(no_args_is_help=True, help="Check that what is stored is what was signed.")


@audit.callback()
def _group() -> None:
    """Check that what is stored is what was signed."""


@audit.command(epilog="Example: vox-telemetry-sink audit verify --since 2026-11-01 --json")
def verify(
    since: Annotated[
        str | None, typer.Option(help="From when on: 2026-11-01 or 2026-11-01T00:00:00Z.")
    ] = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Verify signatures and digests again, and compare every row; exit 1 on any difference."""
    begin = _BEGINNING if since is None else moment(since, "--since")
    contracts = Contracts(Registry.load())

    async def audited(connection: Connection) -> Audited:
        counted = Audited()
        async for difference in audit_all(connection, begin, contracts, counted):
            _say(difference, counted, as_json=as_json)
        return counted

    _say_sum(on_database(database_url, data_dir, audited), as_json=as_json)


def _say(difference: Difference, counted: Audited, *, as_json: bool) -> None:
    """Print one at once: nobody can tell how many there will be."""
    if as_json:
        before = '{"differences":[' if counted.differences == 1 else ","
        row = {name: value for name, value in difference._asdict().items() if value is not None}
        typer.echo(before + msgspec.json.encode(row).decode(), nl=False)
    else:
        place = "" if difference.event is None else f"  event {difference.event}"
        typer.echo(f"{difference.batch_id}  {difference.kind}{place}")


def _say_sum(counted: Audited, *, as_json: bool) -> None:
    if as_json:
        before = "" if counted.differences else '{"differences":['
        totals = msgspec.json.encode(counted).decode()
        typer.echo(f'{before}],"totals":{totals}}}')
    else:
        typer.echo(
            f"{counted.batches} batches with {counted.events} events compared, "
            f"{counted.without_body} without a body (retention took it), "
            f"{counted.differences} differences"
        )
    if counted.differences:
        raise typer.Exit(_EXIT_DIFFERENT)
