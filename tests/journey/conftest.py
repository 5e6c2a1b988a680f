"""The journey's fixture: a key made on the client's side and enrolled at the sink."""

import json
from pathlib import Path

import pytest

from support.world import World, free_port


@pytest.fixture
def world(keyring_environment: dict[str, str], database_url: str, tmp_path: Path) -> World:
    """Make a key on the client's side and enrol it; nothing serves yet."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    spool = tmp_path / "spool"
    env = {
        **keyring_environment,
        "VOX_TELEMETRY_SPOOL_DIR": str(spool),
        "VOX_TELEMETRY_UPLOAD_URL": url,
    }
    made = World(url, port, database_url, env, spool)
    generated = made.client("keys", "generate", "--json")
    assert generated.code == 0, generated.err
    jwk = json.dumps(json.loads(generated.out)["jwk"])
    added = made.sink("keys", "add", "-", "--name", "journey", input=jwk)
    assert added.code == 0, added.err
    consented = made.client("consent", "grant")
    assert consented.code == 0, consented.err
    return made
