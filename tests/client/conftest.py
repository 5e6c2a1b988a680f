"""Fixtures of the client's tests."""

import json
from pathlib import Path

import pytest

from support.client_world import Clock, new_spool
from support.events import benchmark_event
from vox_telemetry_client.spool import Spool


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return new_spool(tmp_path / "spool")


@pytest.fixture
def events_file(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(benchmark_event()) + "\n" for _ in range(5)))
    return path


@pytest.fixture
def client_env(keyring_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give the environment of a client that has a keyring and a spool, and no URL yet."""
    return {**keyring_environment, "VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")}
