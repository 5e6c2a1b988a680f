"""`vox-telemetry-sink config show`: every setting, where it comes from, no secret."""

import msgspec
import typer

from vox_telemetry_sink.cli.settings import AsJson, settings, sources
from vox_telemetry_sink.config import Config
from vox_telemetry_sink.shown import shown

config_commands = typer.Typer(no_args_is_help=True, help="The sink's settings.")


@config_commands.command()
def show(*, as_json: AsJson = False) -> None:
    """Show every setting with its source: environment, file or default. Secrets are masked."""
    rows = shown(Config.from_env(settings({})), sources({}))
    if as_json:
        typer.echo(msgspec.json.encode({"settings": rows}))
        return
    for row in rows:
        value = "-" if row.value is None else row.value
        typer.echo(f"{row.key:17} {value}  ({row.source}; {row.variable})")
