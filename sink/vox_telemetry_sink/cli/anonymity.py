"""`vox-telemetry-sink anonymity`: the k of the views that vox_telemetry_reader may read."""

from typing import Annotated

import msgspec
import typer

from vox_telemetry_sink.anonymity import change_k, find_k
from vox_telemetry_sink.cli.operator import on_database
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_spec.limits import ANONYMITY_MAX_KEYS, ANONYMITY_MIN_KEYS

anonymity = typer.Typer(
    no_args_is_help=True, help="Say how many keys a group needs to be shown to readers."
)


@anonymity.command(epilog="Example: vox-telemetry-sink anonymity show --json")
def show(
    database_url: DatabaseUrl = None, data_dir: DataDir = None, *, as_json: AsJson = False
) -> None:
    """Show from how many distinct keys on a group is shown."""
    k_keys = on_database(database_url, data_dir, find_k)
    typer.echo(msgspec.json.encode({"k_keys": k_keys}) if as_json else f"{k_keys} keys")


@anonymity.command(name="set", epilog="Example: vox-telemetry-sink anonymity set 50")
def set_(
    k_keys: Annotated[
        int,
        typer.Argument(
            metavar="KEYS", min=ANONYMITY_MIN_KEYS, max=ANONYMITY_MAX_KEYS, help="Distinct keys."
        ),
    ],
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Hide groups of fewer distinct keys from now on, with a line in admin_log."""
    before = on_database(database_url, data_dir, lambda connection: change_k(connection, k_keys))
    document = {"k_keys": k_keys, "before": before}
    typer.echo(msgspec.json.encode(document) if as_json else f"{k_keys} keys, before {before}")
