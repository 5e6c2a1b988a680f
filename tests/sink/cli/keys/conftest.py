"""What the tests of `vox-telemetry-sink keys` share: the program on a database of the test's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.cli import Ran, run_cli
from support.uploads import new_key
from vox_telemetry_spec.keys import PublicKey

Sink = Callable[..., Ran]
Enrol = Callable[..., PublicKey]


@pytest.fixture
def sink(database_url: str) -> Sink:
    """Run the program on the test's database."""

    def run(*args: str | Path, **options: Any) -> Ran:
        env = {"VOX_SINK_DATABASE_URL": database_url}
        return run_cli("vox-telemetry-sink", *args, env=env, **options)

    return run


@pytest.fixture
def enrol(sink: Sink) -> Enrol:
    """Enrol a key of nobody by `keys add`."""

    def enrolled(*args: str) -> PublicKey:
        key = new_key().public
        ran = sink("keys", "add", "-", "--name", "test", *args, input=json.dumps(key.jwk))
        assert ran.code == 0, ran
        return key

    return enrolled
