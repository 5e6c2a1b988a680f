"""`vox-telemetry-sink keys`: who may upload, what, and for how long. One verb, one file."""

import typer

from vox_telemetry_sink.cli.keys.add import add
from vox_telemetry_sink.cli.keys.invite import invite
from vox_telemetry_sink.cli.keys.listing import list_
from vox_telemetry_sink.cli.keys.revoke import revoke
from vox_telemetry_sink.cli.keys.rotate import rotate
from vox_telemetry_sink.cli.keys.show import show

keys = typer.Typer(no_args_is_help=True, help="Enrol, list, rotate and revoke the keys of clients.")
keys.command()(add)
keys.command(name="list")(list_)
keys.command()(show)
keys.command()(revoke)
keys.command()(rotate)
keys.command()(invite)
