"""Ctrl-C and SIGTERM against the installed program, at several moments of an upload."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import command, run_cli
from support.client_world import (
    consent_to,
    journal,
    names,
    new_spool,
    problem,
    put,
    receipt_for,
    stores,
    tree,
)
from support.http_answers import Request, computed, hang
from support.http_server import MisbehavingServer, misbehaving_server
from vox_telemetry_client.cli.interruption import Interruption
from vox_telemetry_client.errors import InterruptedRunError, TerminatedRunError

PROGRAM = "vox-telemetry"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "ended by SIGTERM"}


@pytest.fixture
def env(client_env: dict[str, str]) -> dict[str, str]:
    """Give a client a key."""
    assert run_cli(PROGRAM, "keys", "generate", env=client_env).code == 0
    return client_env


def _start(server: MisbehavingServer, env: dict[str, str], *args: str) -> subprocess.Popen[str]:
    consent_to(server.url)
    process = subprocess.Popen(
        command(PROGRAM, "upload", "--url", server.url, *args),
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_until(lambda: bool(server.requests), process)
    return process


def _wait_until(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _catches_sigterm(pid: int) -> bool:
    """Say whether the process has a handler for it (proc(5), SigCgt: bit n-1 for signal n)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [caught] = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def _everything_goes(spool_root: Path, env: dict[str, str], batches: int) -> None:
    """Check that the spool is whole: the next upload sends what was kept, once."""
    with misbehaving_server(then=stores()) as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", "--json", "--url", server.url, env=env)
    assert (ran.code, json.loads(ran.out)["totals"]["acknowledged"]) == (0, batches)
    assert len(server.requests) == batches
    assert names(spool_root / "pending") == names(spool_root / "tmp") == []


@pytest.mark.parametrize("sent", CODES)
def test_while_sending_the_request_is_abandoned_within_the_grace(
    env: dict[str, str], tmp_path: Path, sent: signal.Signals
) -> None:
    put(new_spool(tmp_path / "spool"), events=3, max_events=1)
    before = tree(tmp_path / "spool" / "pending")
    with misbehaving_server(then=hang(60)) as server:
        process = _start(server, env)
        process.send_signal(sent)
        _, err = process.communicate(timeout=30)  # the grace is 5 s, the sink's silence 60
    assert (process.returncode, len(server.requests)) == (CODES[sent], 1)
    assert err == (
        f"vox-telemetry: {WORDS[sent]}; 3 batches are kept, run the upload again to go on\n"
    )
    assert tree(tmp_path / "spool" / "pending") == before
    _everything_goes(tmp_path / "spool", env, 3)


@pytest.mark.parametrize("sent", CODES)
def test_while_sending_an_answer_within_the_grace_counts(
    env: dict[str, str], tmp_path: Path, sent: signal.Signals
) -> None:
    spool = new_spool(tmp_path / "spool")
    put(spool, events=3, max_events=1)
    go_on = threading.Event()

    def slowly(request: Request) -> tuple[int, dict[str, str], bytes]:
        go_on.wait(20)
        return 201, {}, receipt_for(request)

    with misbehaving_server(computed(slowly), then=stores()) as server:
        process = _start(server, env, "--json")
        process.send_signal(sent)
        time.sleep(0.3)
        go_on.set()
        out, err = process.communicate(timeout=30)
    document = json.loads(out)
    outcomes = [row["outcome"] for row in document["batches"]]
    assert (process.returncode, outcomes) == (CODES[sent], ["acknowledged", "kept", "kept"])
    assert document["error"]["message"] == document["stopped"] == WORDS[sent]
    assert "2 batches are kept" in err
    assert [line["event"] for line in journal(spool)][-2:] == ["attempt", "acknowledged"]
    _everything_goes(tmp_path / "spool", env, 2)


@pytest.mark.parametrize("sent", CODES)
def test_in_a_pause_it_ends_at_once(
    env: dict[str, str], tmp_path: Path, sent: signal.Signals
) -> None:
    put(new_spool(tmp_path / "spool"), events=2, max_events=1)
    before = tree(tmp_path / "spool" / "pending")
    with misbehaving_server(then=problem(503, headers={"Retry-After": "60"})) as server:
        process = _start(server, env)
        _wait_until((tmp_path / "spool" / "state.json").exists, process)
        process.send_signal(sent)
        _, err = process.communicate(timeout=30)  # half of what the sink asked for
    assert (process.returncode, len(server.requests)) == (CODES[sent], 1)
    assert "2 batches are kept" in err
    assert tree(tmp_path / "spool" / "pending") == before
    # What the sink asked for is kept as well: the next run waits.
    assert b"earliest_next_attempt" in (tmp_path / "spool" / "state.json").read_bytes()


def test_a_second_signal_ends_it_at_once(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"), events=2, max_events=1)
    with misbehaving_server(then=hang(60)) as server:
        process = _start(server, env)
        process.send_signal(signal.SIGTERM)
        _wait_until(lambda: not _catches_sigterm(process.pid), process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM  # it was not asked whether the grace is over
    _everything_goes(tmp_path / "spool", env, 2)


def test_a_signal_after_the_last_answer_changes_nothing(
    env: dict[str, str], tmp_path: Path
) -> None:
    put(new_spool(tmp_path / "spool"))
    answered = threading.Event()

    def answer(request: Request) -> tuple[int, dict[str, str], bytes]:
        answered.wait(20)
        return 201, {}, receipt_for(request)

    with misbehaving_server(computed(answer)) as server:
        process = _start(server, env)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        answered.set()
        out, err = process.communicate(timeout=30)
    assert (process.returncode, "1 acknowledged" in out, err) == (0, True, "")


def test_the_signals_are_given_back() -> None:
    before = [signal.getsignal(one) for one in CODES]
    with Interruption(lambda: None) as interruption:
        interruption.check()
    assert [signal.getsignal(one) for one in CODES] == before


@pytest.mark.parametrize(
    ("sent", "error"), [(signal.SIGINT, InterruptedRunError), (signal.SIGTERM, TerminatedRunError)]
)
def test_a_signal_is_told_and_the_request_abandoned_after_the_grace(
    sent: signal.Signals, error: type[Exception]
) -> None:
    abandoned = threading.Event()
    with Interruption(abandoned.set, grace_s=0.05) as interruption:
        signal.raise_signal(sent)
        with pytest.raises(error):
            interruption.check()
        assert abandoned.wait(5)


def test_a_run_that_ends_within_the_grace_abandons_nothing() -> None:
    abandoned = threading.Event()
    with Interruption(abandoned.set, grace_s=30):
        signal.raise_signal(signal.SIGINT)
    assert not abandoned.is_set()
