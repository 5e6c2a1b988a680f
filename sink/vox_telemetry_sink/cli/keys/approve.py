"""`vox-telemetry-sink keys approve`: let a key upload that waits for it."""

from typing import Annotated

import typer

from vox_telemetry_sink.cli.keys.registry import current_time, say_since, with_key_store
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir


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
    say_since("approved", key_id, since, as_json=as_json)
