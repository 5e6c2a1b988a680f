"""The operator's machine: it sends to one sink, whatever the real machine says."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keyring.core
import pytest

import vox_telemetry_client
from support.events import benchmark_event
from vox_telemetry_client.errors import ConsentError
from vox_telemetry_sink.testing import (
    PluginError,
    ProgramFailedError,
    Ran,
    TelemetryAssertions,
    TelemetryClient,
    TelemetryPostgres,
    TelemetrySink,
)
from vox_telemetry_sink.testing.machine import Prepared, operators_machine, prepared_home

CANARY = "canary-4711"
ENQUEUES = """
import sys, vox_telemetry_client
from support.events import benchmark_event
vox_telemetry_client.enqueue([benchmark_event(metric_value=3.0)])
"""


@pytest.fixture
def machine_that_forbids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Set what would stop an upload, or send it elsewhere; yield a spool that must stay away."""
    for name, value in {
        "DO_NOT_TRACK": "1",
        "VOX_TELEMETRY": "off",
        "VOX_BENCHMARK_TELEMETRY": "0",
        "VOX_TELEMETRY_UPLOAD_TOKEN": "a-token",
        "VOX_TELEMETRY_KEY_FILE": "/nowhere.pem",
        "VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "own"),
        "http_proxy": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
        "SSL_CERT_FILE": "/nowhere.pem",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "own"


@pytest.fixture
def client(machine_that_forbids: Path, telemetry_client: TelemetryClient) -> TelemetryClient:
    return telemetry_client


def test_the_real_programs_send_to_the_sink_whatever_the_machine_says(
    client: TelemetryClient,
    machine_that_forbids: Path,
    assert_telemetry: TelemetryAssertions,
    scrubbed_environment: Path,
) -> None:
    kept = client.enqueue([benchmark_event(), benchmark_event(metric_value=2.0)])
    assert kept["accepted"] == 2
    assert client.status()["pending"] == {"batches": 1, "events": 2}
    assert client.upload()["totals"]["acknowledged"] == 1
    [_, event] = assert_telemetry.stored(2)
    assert event.key_id == client.key_id
    assert client.set_aside() == []
    assert [line["event"] for line in client.journal()] == [
        "consent",
        "enqueued",
        "attempt",
        "acknowledged",
    ]
    assert not machine_that_forbids.exists()
    assert [path for path in scrubbed_environment.rglob("*") if path.is_file()] == []


def test_code_in_this_process_and_programs_that_it_starts_send_to_the_sink(
    telemetry_client: TelemetryClient, assert_telemetry: TelemetryAssertions
) -> None:
    row = vox_telemetry_client.record(
        "benchmark_event", "bench:own", 1.5, benchmark_event()["metadata"]
    )
    assert row == 1
    assert telemetry_client.store.is_file()
    vox_telemetry_client.enqueue([benchmark_event(metric_value=2.0)])
    tests = str(Path(__file__).parents[2])
    subprocess.run(
        [sys.executable, "-c", ENQUEUES], env=os.environ | {"PYTHONPATH": tests}, check=True
    )
    assert telemetry_client.run("enqueue", "--from-store").code == 0
    assert_telemetry.pending(3)
    report = vox_telemetry_client.upload()
    assert report.totals["acknowledged"] == 3
    assert {one.metric_value for one in assert_telemetry.stored(3)} == {1.5, 2.0, 3.0}
    assert_telemetry.everything_accounted_for()
    # Nobody consented to another place.
    with pytest.raises(ConsentError):
        vox_telemetry_client.upload(url="http://127.0.0.1:9/")


def test_an_outage_keeps_what_waits_and_the_next_upload_sends_it(
    telemetry_client: TelemetryClient,
    telemetry_sink: TelemetrySink,
    assert_telemetry: TelemetryAssertions,
) -> None:
    telemetry_client.enqueue([benchmark_event(details={"lane": CANARY})])
    assert_telemetry.never_sent(CANARY)
    telemetry_sink.stop()
    away = telemetry_client.upload("--max-seconds", "1")
    assert away["totals"]["kept"] == 1
    assert_telemetry.pending(1)
    assert_telemetry.everything_accounted_for()
    # A request that got no answer may have arrived.
    [batch] = telemetry_client.tried()
    with pytest.raises(AssertionError) as exc:
        assert_telemetry.never_sent(CANARY)
    assert str(exc.value) == (
        f"got the text in 1 places, expected none: body of batch {batch}, tried and still pending: "
        "/events/0/metadata/details/lane"
    )
    telemetry_sink.start()
    assert telemetry_client.upload()["totals"]["acknowledged"] == 1
    assert_telemetry.nothing_pending()
    assert_telemetry.everything_accounted_for()


def test_what_does_not_work_is_told_without_a_value(
    idle_machine: TelemetryClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bad = benchmark_event(details={"prompt": "hunter2"})
    with pytest.raises(
        ProgramFailedError, match=r"enqueue ended with 1, .*event 0/.*/prompt: "
    ) as refused:
        idle_machine.enqueue([bad])
    assert "hunter2" not in str(refused.value)
    assert idle_machine.status()["pending"]["events"] == 0
    with pytest.raises(ProgramFailedError, match="enqueue ended with"):
        idle_machine.enqueue(tmp_path / "missing.jsonl")
    with pytest.raises(ProgramFailedError, match="got no JSON document and exit code 0"):
        idle_machine.run("--help").json()
    # A switch of the test's own, against which the machine's were taken away.
    monkeypatch.setenv("VOX_TELEMETRY", "off")
    with pytest.raises(ProgramFailedError, match=r"upload ended with 3, .*VOX_TELEMETRY"):
        idle_machine.upload()


def test_afterwards_this_process_is_as_it_was(
    telemetry_postgres: TelemetryPostgres,
    telemetry_prepared_home: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VOX_TELEMETRY", "1")
    for chosen in (None, keyring.core.get_keyring()):
        monkeypatch.setattr(keyring.core, "_keyring_backend", chosen)
        before = dict(os.environ)
        with telemetry_postgres.database() as url, pytest.MonkeyPatch.context() as patch:
            sink = TelemetrySink(url, tmp_path)
            home = tmp_path / f"home-{chosen is None}"
            client = operators_machine(telemetry_prepared_home, home, sink, patch)
            patch.setenv("VOX_TELEMETRY", "off")  # by the test, on top
            assert os.environ["HOME"] == str(client.home)
            assert keyring.core.get_keyring() is not chosen
        assert dict(os.environ) == before
        assert keyring.core._keyring_backend is chosen


def test_input_and_folder_are_the_callers(
    idle_machine: TelemetryClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.jsonl").write_text(json.dumps(benchmark_event()) + "\n")
    checked = idle_machine.run("check", "one.jsonl", "--json", cwd=tmp_path)
    assert checked.json()["accepted"] == 1
    assert isinstance(checked, Ran)
    assert idle_machine.run("check", "-", given=json.dumps(benchmark_event())).code == 0
    # A relative path is meant from the folder of the test, not from `home`.
    monkeypatch.chdir(tmp_path)
    assert idle_machine.enqueue(Path("one.jsonl"))["accepted"] == 1


def test_a_key_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    (tmp_path / ".config").touch()  # where the list of keys would be
    with pytest.raises(ProgramFailedError, match="keys generate ended with"):
        prepared_home(tmp_path)


def test_consent_that_cannot_be_given_is_told(
    telemetry_prepared_home: Prepared,
    idle_sink: TelemetrySink,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = telemetry_prepared_home._replace(home=tmp_path / "prepared")
    shutil.copytree(telemetry_prepared_home.home, own.home)
    [keys] = (own.home / ".config").rglob("keys.json")
    (keys.parent / "consent.json").mkdir()
    with pytest.raises(ProgramFailedError, match="consent grant ended with"):
        operators_machine(own, tmp_path / "home", idle_sink, monkeypatch)


def test_windows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(PluginError, match="needs Linux or macOS"):
        prepared_home(tmp_path)
