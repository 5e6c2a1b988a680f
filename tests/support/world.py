"""An operator's machine and a server, both as installed: programs, keyring, Postgres, HTTP."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from support.cli import Ran, run_cli, started_cli

READY_WITHIN_S = 30


@dataclass(frozen=True)
class World:
    """One operator with one key, one sink that knows it, and the database behind the sink."""

    url: str
    port: int
    database_url: str
    env: dict[str, str]
    spool: Path

    def client(self, *args: str | Path, env: dict[str, str] | None = None, **options: Any) -> Ran:
        return run_cli("vox-telemetry", *args, env={**self.env, **(env or {})}, **options)

    def sink(self, *args: str | Path, **options: Any) -> Ran:
        return run_cli(
            "vox-telemetry-sink", *args, env={"VOX_SINK_DATABASE_URL": self.database_url}, **options
        )

    @contextmanager
    def serving(self, **env: str) -> Iterator[Any]:
        """Run the sink for the length of a block."""
        settings = {"VOX_SINK_DATABASE_URL": self.database_url, **env}
        with started_cli(
            "vox-telemetry-sink", "serve", "--port", str(self.port), env=settings
        ) as process:
            wait_until_ready(self.url, process)
            yield process

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.database_url)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    def pending(self) -> list[str]:
        return sorted(path.name for path in (self.spool / "pending").iterdir())


def wait_until_ready(url: str, process: Any) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the sink did not become ready")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
