"""`vox-telemetry-sink console token revoke`: let a token open nothing any more."""

from typing import Annotated

import typer

from vox_telemetry_sink.cli.console.registry import with_token_store
from vox_telemetry_sink.cli.keys.registry import current_time, say
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.console.tokens import read_token
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_spec.times import format_time


def revoke(
    token_id: Annotated[
        str, typer.Argument(help="The id that console token list shows, or the token itself.")
    ],
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Revoke a token of the console; whoever is signed in with it is signed out at once."""
    now = current_time()
    if (presented := read_token(token_id)) is not None:
        token_id = presented.token_id
    since = with_token_store(database_url, data_dir, lambda store: store.revoke(token_id, now=now))
    if since is None:
        # Not repeated: what was meant may be a token, secret and all.
        raise SinkError(
            "there is no such token, expected an id as 'vox-telemetry-sink console token list' "
            "shows them: nothing was revoked"
        )
    revoked_at = format_time(since)
    document = {"token_id": token_id, "revoked_at": revoked_at}
    say(document, f"revoked {token_id} at {revoked_at}", as_json=as_json)
