"""What the verbs of `console token` share: the tokens in the configured database."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from vox_telemetry_sink.cli.operator import on_pool
from vox_telemetry_sink.console.token_store import TokenStore

T = TypeVar("T")


def with_token_store(
    database_url: str | None, data_dir: Path | None, act: Callable[[TokenStore], Awaitable[T]]
) -> T:
    """Run `act` on the configured database.

    Raises:
        SinkError: its schema is not up to date, or what `act` raises.

    """
    return on_pool(database_url, data_dir, lambda pool: act(TokenStore(pool)))
