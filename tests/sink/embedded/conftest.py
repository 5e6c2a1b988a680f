"""A cluster made once, and a copy of it for each test."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from support.postgres import in_own_loop
from vox_telemetry_sink.embedded import running_postgres


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("made-once")
    with running_postgres(data_dir):
        pass
    return data_dir


@pytest.fixture
def data_dir(made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_once, tmp_path / "data"))


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Ask a server one question in a connection of its own."""

    async def answer(dsn: str, question: str) -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return lambda dsn, question: in_own_loop(lambda: answer(dsn, question))
