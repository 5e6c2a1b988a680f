"""Fixtures of the disclosure page's tests: machines to look at."""

from dataclasses import replace
from pathlib import Path

import pytest

from support.operator_machine import Machine, operator_machine
from vox_telemetry_client.config import Config
from vox_telemetry_client.settings import settings
from vox_telemetry_client.spool import Spool


@pytest.fixture
def machine(scrubbed_environment: Path) -> Machine:
    return operator_machine(scrubbed_environment)


@pytest.fixture
def config(spool: Spool, tmp_path: Path) -> Config:
    """Give settings for an empty spool and a store that is not there."""
    return replace(
        settings(), spool=spool.folder.root, store=tmp_path / "store" / "metrics.sqlite3"
    )
