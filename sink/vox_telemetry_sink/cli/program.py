"""The tree of commands; each leaf is a file."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_sink.cli.anonymity import anonymity
from vox_telemetry_sink.cli.audit import audit
from vox_telemetry_sink.cli.batches import batches
from vox_telemetry_sink.cli.config_show import config_commands
from vox_telemetry_sink.cli.console import console
from vox_telemetry_sink.cli.doctor import doctor
from vox_telemetry_sink.cli.export import export
from vox_telemetry_sink.cli.keys import keys
from vox_telemetry_sink.cli.migrate import migrate
from vox_telemetry_sink.cli.receipt_key import receipt_key
from vox_telemetry_sink.cli.rejections import rejections
from vox_telemetry_sink.cli.retention import retention
from vox_telemetry_sink.cli.serve import serve
from vox_telemetry_sink.cli.settings import use_config_file
from vox_telemetry_sink.config import CONFIG_FILE

program = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its boxes show local variables, which may be secrets
    help="Take signed batches of approved usage telemetry and keep them in Postgres.",
)
program.command()(serve)
program.command()(migrate)
program.command()(doctor)
program.command(
    epilog="Example: vox-telemetry-sink export --since 2026-11-01 --family benchmark --out b.jsonl"
)(export)
program.add_typer(config_commands, name="config")
program.add_typer(keys, name="keys")
program.add_typer(console, name="console")
program.add_typer(receipt_key, name="receipt-key")
program.add_typer(audit, name="audit")
program.add_typer(batches, name="batches")
program.add_typer(retention, name="retention")
program.add_typer(rejections, name="rejections")
program.add_typer(anonymity, name="anonymity")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 -- the signature typer calls
    if wanted:
        typer.echo(version("vox-telemetry"))
        raise typer.Exit


@program.callback()
def options(
    *,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=f"Settings in TOML; flags and environment beat it. Environment: {CONFIG_FILE}.",
        ),
    ] = None,
) -> None:
    """Hold the options that come before a command; `--version` acts in its callback."""
    del show_version
    if config is not None:
        use_config_file(config)
