"""`vox-telemetry-sink console token`: who may look at the console. One verb, one file."""

import typer

from vox_telemetry_sink.cli.console.add import add
from vox_telemetry_sink.cli.console.listing import list_
from vox_telemetry_sink.cli.console.revoke import revoke

console = typer.Typer(no_args_is_help=True, help="Say who may look at the console of the sink.")
token = typer.Typer(no_args_is_help=True, help="Make, list and revoke what opens the console.")
console.add_typer(token, name="token")
_PROGRAM = "vox-telemetry-sink console token"
token.command(epilog=f"Example: {_PROGRAM} add --name alice --role admin --days 30")(add)
token.command(name="list", epilog=f"Example: {_PROGRAM} list --json")(list_)
token.command(epilog=f"Example: {_PROGRAM} revoke 0123456789abcdef")(revoke)
