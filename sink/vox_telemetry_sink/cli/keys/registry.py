"""What the verbs of `keys` share: reading a JWK, the database, and how a key is shown."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import typer

from vox_telemetry_sink.cli.operator import on_pool
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_sink.key_rows import ListedKey
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.limits import JWK_MAX_BYTES
from vox_telemetry_spec.times import format_time

T = TypeVar("T")


def read_jwk(source: str) -> PublicKey:
    """Read a public JWK from a file or, for `-`, stdin; bounded: a path may name something endless.

    Raises:
        SinkError: the file cannot be read.
        KeyRefusedError: not a usable public key.

    """
    if source == "-":
        return PublicKey.from_jwk(sys.stdin.buffer.read(JWK_MAX_BYTES))
    try:
        with Path(source).open("rb") as file:
            return PublicKey.from_jwk(file.read(JWK_MAX_BYTES))
    except OSError as exc:
        raise SinkError(f"cannot read '{source}': {exc.strerror}, expected a file or -") from exc


def with_key_store(
    database_url: str | None, data_dir: Path | None, act: Callable[[KeyStore], Awaitable[T]]
) -> T:
    """Run `act` on the configured database.

    Raises:
        SinkError: its schema is not up to date, or what `act` raises.

    """
    return on_pool(database_url, data_dir, lambda pool: act(KeyStore(pool)))


def key_document(key: ListedKey, now: datetime) -> dict[str, Any]:
    """Return a key as `--json` shows it; null means without a bound."""
    return {
        "key_id": key.key_id,
        "name": key.name,
        "state": key.state(now),
        "max_sensitivity": key.max_sensitivity,
        "families": key.families,
        "enrolled_at": format_time(key.enrolled_at),
        "not_before": written(key.not_before),
        "not_after": written(key.not_after),
        "approved_at": written(key.approved_at),
        "revoked_at": written(key.revoked_at),
        "replaces": key.replaces,
        "replaced_by": key.replaced_by,
    }


def say_since(done: str, key_id: str, since: datetime | None, *, as_json: bool) -> None:
    """Print since when a key is `done`: approved or revoked.

    Raises:
        SinkError: no such key is enrolled.

    """
    if since is None:
        raise SinkError(f"key '{key_id}' is not enrolled, expected one of keys list")
    at = format_time(since)
    document = {"key_id": key_id, f"{done}_at": at}
    say(document, f"{done} {key_id} at {at}", as_json=as_json)


def written(moment: datetime | None) -> str | None:
    """Return a time as documents hold it, or None."""
    return None if moment is None else format_time(moment)


def say(document: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """Print one JSON document, or the same for people."""
    typer.echo(msgspec.json.encode(document) if as_json else text)


def current_time() -> datetime:
    """Return now, for a verb to hand on."""
    return datetime.now(UTC)
