"""`vox-telemetry-sink keys approve`: let a key upload that waits for it."""

from typing import Annotated

import typer

from vox_telemetry_sink.cli.keys.registry import current_time, say, with_key_store
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_spec.times import format_time


def approve(
    key_id: Annotated[str, typer.Argument(help="The key id that keys list shows.")],
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let a key upload that waits for approval; running sinks obey within 2 s."""
    now = current_time()
    since = with_key_store(database_url, data_dir, lambda store: store.approve(key_id, now=now))
    if since is None:
        raise SinkError(f"key '{key_id}' is not enrolled, expected one of keys list")
    approved_at = format_time(since)
    document = {"key_id": key_id, "approved_at": approved_at}
    say(document, f"approved {key_id} at {approved_at}", as_json=as_json)
