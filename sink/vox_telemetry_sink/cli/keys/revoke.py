"""`vox-telemetry-sink keys revoke`: refuse a key from now on."""

from typing import Annotated

import typer

from vox_telemetry_sink.cli.keys.registry import current_time, say_since, with_key_store
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir


def revoke(
    key_id: Annotated[str, typer.Argument(help="The key id that keys list shows.")],
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on; running sinks obey within 2 s. What it sent stays."""
    now = current_time()
    since = with_key_store(database_url, data_dir, lambda store: store.revoke(key_id, now=now))
    say_since("revoked", key_id, since, as_json=as_json)
