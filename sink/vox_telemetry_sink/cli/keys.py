"""`vox-telemetry-sink keys`: who may upload."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from vox_telemetry_sink.cli.settings import (
    AsJson,
    DatabaseUrl,
    DataDir,
    opened_store,
    running_database,
    settings,
)
from vox_telemetry_sink.config import DATA_DIR, DATABASE_URL, Config
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_sink.store import Store
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.limits import JWK_MAX_BYTES
from vox_telemetry_spec.times import format_time

T = TypeVar("T")

keys = typer.Typer(no_args_is_help=True, help="Enrol, list and revoke the keys of clients.")


@keys.command()
def add(
    jwk: Annotated[
        str, typer.Argument(help="A file with the public JWK (vox-telemetry keys show), or -.")
    ],
    name: Annotated[str, typer.Option(help="What you call this client.")],
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Enrol a client's public key."""
    if not name.strip():
        raise typer.BadParameter("got a blank name, expected some text", param_hint="--name")
    key = PublicKey.from_jwk(_read(jwk))
    is_new = _with_store(
        database_url, data_dir, lambda store: store.add_key(key, name.strip(), now=_now())
    )
    if not is_new:
        raise SinkError(f"key {key.key_id} is enrolled already, see keys list")
    document = {"key_id": key.key_id, "name": name.strip()}
    _print(document, f"enrolled {key.key_id}", as_json=as_json)


@keys.command(name="list")
def list_(
    database_url: DatabaseUrl = None, data_dir: DataDir = None, *, as_json: AsJson = False
) -> None:
    """List the enrolled keys, the oldest first."""
    rows = _with_store(database_url, data_dir, lambda store: store.list_keys())
    described = [
        {
            "key_id": row.key_id,
            "name": row.name,
            "max_sensitivity": row.max_sensitivity,
            "enrolled_at": format_time(row.enrolled_at),
            "revoked_at": format_time(row.revoked_at) if row.revoked_at else None,
        }
        for row in rows
    ]
    lines = [
        f"{row['key_id']}  {row['enrolled_at']}  {row['name']}"
        + (f"  revoked {row['revoked_at']}" if row["revoked_at"] else "")
        for row in described
    ]
    _print({"keys": described}, "\n".join(lines) or "no key is enrolled", as_json=as_json)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key id that keys list shows.")],
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on; running sinks obey within 2 s. What it sent stays."""
    since = _with_store(database_url, data_dir, lambda store: store.revoke_key(key_id, now=_now()))
    if since is None:
        raise SinkError(f"key '{key_id}' is not enrolled, expected one of keys list")
    revoked_at = format_time(since)
    document = {"key_id": key_id, "revoked_at": revoked_at}
    _print(document, f"revoked {key_id} at {revoked_at}", as_json=as_json)


def _read(source: str) -> bytes:
    """Read a JWK, bounded: a wrong path may name something endless."""
    if source == "-":
        return sys.stdin.buffer.read(JWK_MAX_BYTES)
    try:
        with Path(source).open("rb") as file:
            return file.read(JWK_MAX_BYTES)
    except OSError as exc:
        raise SinkError(f"cannot read '{source}': {exc.strerror}, expected a file or -") from exc


def _with_store(
    database_url: str | None, data_dir: Path | None, act: Callable[[Store], Awaitable[T]]
) -> T:
    config = Config.from_env(settings({DATABASE_URL: database_url, DATA_DIR: data_dir}))

    async def acted(dsn: str) -> T:
        async with opened_store(dsn) as store:
            pending = await store.pending_migrations()
            if pending:
                raise SinkError(
                    f"{len(pending)} migrations are pending: run vox-telemetry-sink migrate"
                )
            return await act(store)

    with running_database(config) as dsn:
        return asyncio.run(acted(dsn))


def _print(document: Mapping[str, object], text: str, *, as_json: bool) -> None:
    typer.echo(msgspec.json.encode(document) if as_json else text)


def _now() -> datetime:
    return datetime.now(UTC)
