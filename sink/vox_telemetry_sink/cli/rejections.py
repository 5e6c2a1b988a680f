"""`vox-telemetry-sink rejections`: what was refused after its signature verified; never a value."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from vox_telemetry_sink.cli.operator import moment, on_database
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.rejections import ListedRejection, count_rejections, list_rejections
from vox_telemetry_spec.limits import REJECTIONS_MAX_COUNT

DEFAULT_LIMIT = 100
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Since = Annotated[
    str | None, typer.Option(help="From when on: 2026-11-01 or 2026-11-01T00:00:00Z.")
]

rejections = typer.Typer(no_args_is_help=True, help="Look at batches that were refused.")


@rejections.command(name="list", epilog="Example: vox-telemetry-sink rejections list --limit 20")
def list_(
    since: Since = None,
    limit: Annotated[
        int, typer.Option(min=1, max=REJECTIONS_MAX_COUNT, help="How many at most.")
    ] = DEFAULT_LIMIT,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List refused batches, the latest first: when, whose, why and where, and their digest."""
    begin = _begin(since)
    found = on_database(
        database_url, data_dir, lambda connection: list_rejections(connection, begin, limit)
    )
    if as_json:
        typer.echo(msgspec.json.encode({"rejections": found}))
    else:
        typer.echo("\n".join(map(_line, found)) or "nothing was refused")


@rejections.command(epilog="Example: vox-telemetry-sink rejections counts --since 2026-11-01")
def counts(
    since: Since = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Count refused batches by problem, and violations by rule."""
    begin = _begin(since)
    problems, rules = on_database(
        database_url, data_dir, lambda connection: count_rejections(connection, begin)
    )
    if as_json:
        document = {
            "problems": [count._asdict() for count in problems],
            "rules": [count._asdict() for count in rules],
        }
        typer.echo(msgspec.json.encode(document))
        return
    for count in problems:
        typer.echo(f"{count.problem}: {count.batches} batches of {count.keys} keys")
    for rule in rules:
        typer.echo(
            f"{rule.problem} {rule.rule}: {rule.violations} violations in {rule.batches} batches "
            f"of {rule.keys} keys"
        )
    if not problems:
        typer.echo("nothing was refused")


def _begin(since: str | None) -> datetime:
    return _BEGINNING if since is None else moment(since, "--since")


def _line(row: ListedRejection) -> str:
    rules = ", ".join(
        f"{violation.rule} at {violation.event}{violation.pointer}" for violation in row.violations
    )
    return (
        f"{row.rejection_id}  {row.rejected_at}  {row.key_id}  {row.problem}  "
        f"sha-256 {row.content_sha256}  {row.coded_bytes} bytes" + (f"  {rules}" if rules else "")
    )
