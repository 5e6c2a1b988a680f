"""`vox-telemetry-sink keys revoke`: refuse a key from now on."""

from typing import Annotated

import typer

from vox_telemetry_sink.cli.keys.registry import current_time, say, with_key_store
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_spec.times import format_time


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
    if since is None:
        raise SinkError(f"key '{key_id}' is not enrolled, expected one of keys list")
    revoked_at = format_time(since)
    document = {"key_id": key_id, "revoked_at": revoked_at}
    say(document, f"revoked {key_id} at {revoked_at}", as_json=as_json)
