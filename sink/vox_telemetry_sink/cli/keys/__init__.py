"""`vox-telemetry-sink keys`: who may upload, what, and for how long. One verb, one file."""

import typer

from vox_telemetry_sink.cli.keys.add import add
from vox_telemetry_sink.cli.keys.approve import approve
from vox_telemetry_sink.cli.keys.invite import invite
from vox_telemetry_sink.cli.keys.listing import list_
from vox_telemetry_sink.cli.keys.revoke import revoke
from vox_telemetry_sink.cli.keys.rotate import rotate
from vox_telemetry_sink.cli.keys.show import show

keys = typer.Typer(
    no_args_is_help=True, help="Enrol, approve, list, rotate and revoke the keys of clients."
)
_PROGRAM = "vox-telemetry-sink"
# One key id in 64 begins with "-", which would be read as an option.
_TAKES_KEY_ID = {"ignore_unknown_options": True}
keys.command(epilog=f"Example: {_PROGRAM} keys add alice.jwk --name alice --family benchmark")(add)
keys.command(name="list", epilog=f"Example: {_PROGRAM} keys list --json")(list_)
keys.command(context_settings=_TAKES_KEY_ID, epilog=f"Example: {_PROGRAM} keys show KEY_ID")(show)
keys.command(context_settings=_TAKES_KEY_ID, epilog=f"Example: {_PROGRAM} keys approve KEY_ID")(
    approve
)
keys.command(context_settings=_TAKES_KEY_ID, epilog=f"Example: {_PROGRAM} keys revoke KEY_ID")(
    revoke
)
keys.command(
    context_settings=_TAKES_KEY_ID,
    epilog=f"Example: {_PROGRAM} keys rotate OLD_KEY_ID new.jwk --overlap-hours 24",
)(rotate)
keys.command(epilog=f"Example: {_PROGRAM} keys invite --name 'build farm' --valid-days 365")(invite)
