"""`vox-telemetry-sink keys show`: one key with its rights, its public half and its rotation."""

from typing import Annotated

import typer

from vox_telemetry_sink.cli.keys.registry import current_time, key_document, say, with_key_store
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_spec.keys import PublicKey


def show(
    key_id: Annotated[str, typer.Argument(help="The key id that keys list shows.")],
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show one key: what it may send, how long, and what it replaces."""
    key = with_key_store(database_url, data_dir, lambda store: store.show(key_id))
    if key is None:
        raise SinkError(f"key '{key_id}' is not enrolled, expected one of keys list")
    document = key_document(key, current_time()) | {"public_key": PublicKey(key.public_key).jwk}
    text = "\n".join(f"{name}: {_shown(value)}" for name, value in document.items())
    say(document, text, as_json=as_json)


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case list():
            return ", ".join(value)
        case dict():
            return " ".join(f"{name}={member}" for name, member in value.items())
        case _:
            return str(value)
