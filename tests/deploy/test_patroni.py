"""deploy/patroni/patroni.yml is what operators may copy: it keeps what a receipt promises."""

import shutil
import subprocess
from typing import Any

import pytest
import yaml

from support.cli import run_cli
from support.events import REPOSITORY

FILE = REPOSITORY / "deploy" / "patroni" / "patroni.yml"


@pytest.fixture
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def test_a_commit_waits_for_a_standby_and_for_the_disk(document: dict[str, Any]) -> None:
    dcs = document["bootstrap"]["dcs"]
    parameters = dcs["postgresql"]["parameters"]
    assert dcs["synchronous_mode"] is True
    assert dcs["synchronous_node_count"] == 1
    assert (parameters["fsync"], parameters["synchronous_commit"]) == ("on", "on")
    assert {"data-checksums", "use_pg_rewind"} <= {
        *(option for option in document["bootstrap"]["initdb"] if isinstance(option, str)),
        *(name for name, on in dcs["postgresql"].items() if on is True),
    }


def test_the_times_fit_into_each_other(document: dict[str, Any]) -> None:
    dcs = document["bootstrap"]["dcs"]
    assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"]
    assert document["watchdog"]["safety_margin"] < dcs["ttl"]


def test_nobody_is_let_in_without_a_password_and_the_file_holds_none(
    document: dict[str, Any],
) -> None:
    assert {line.split()[-1] for line in document["postgresql"]["pg_hba"]} == {"scram-sha-256"}
    roles = document["postgresql"]["authentication"].values()
    assert {role["password"] for role in roles} == {"-- set me --"}


def test_patroni_itself_takes_the_file_where_it_is_installed() -> None:
    program = shutil.which("patroni")
    if program is None:
        return  # the three tests above hold its structure; `make failover` runs it
    ran = subprocess.run(
        [program, "--validate-config", FILE], capture_output=True, text=True, check=False
    )
    complaints = (ran.stdout + ran.stderr).splitlines()
    assert [line for line in complaints if not line.endswith("is not reachable")] == []


def test_the_sink_takes_a_url_with_both_nodes() -> None:
    url = "postgresql://vox:geheim@192.0.2.11,192.0.2.12/vox?target_session_attrs=read-write"
    ran = run_cli("vox-telemetry-sink", "config", "show", env={"VOX_SINK_DATABASE_URL": url})
    assert ran.code == 0
    assert "vox:***@192.0.2.11,192.0.2.12/vox?target_session_attrs=read-write" in ran.out
