"""`vox-telemetry-sink keys list`: every key and the state that it is in."""

from vox_telemetry_sink.cli.keys.grants import limits_of
from vox_telemetry_sink.cli.keys.registry import current_time, key_document, say, with_key_store
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.key_rows import ListedKey
from vox_telemetry_spec.times import format_time


def list_(
    database_url: DatabaseUrl = None, data_dir: DataDir = None, *, as_json: AsJson = False
) -> None:
    """List the enrolled keys, the oldest first."""
    now = current_time()
    rows = with_key_store(database_url, data_dir, lambda store: store.list_all())
    lines = [_line(row, row.state(now)) for row in rows]
    document = {"keys": [key_document(row, now) for row in rows]}
    say(document, "\n".join(lines) or "no key is enrolled", as_json=as_json)


def _line(row: ListedKey, state: str) -> str:
    since = f" {format_time(row.revoked_at)}" if row.revoked_at else ""
    limits = limits_of(row.families, row.max_sensitivity, row.not_after)
    return f"{row.key_id}  {format_time(row.enrolled_at)}  {row.name}  {state}{since}  {limits}"
