"""`vox-telemetry view` as an operator starts and ends it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from support.cli import command, end, run_cli
from support.client_world import put
from vox_telemetry_client.cli import view
from vox_telemetry_client.spool import Spool

PROGRAM = "vox-telemetry"
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/open/([A-Za-z0-9_-]{43})\n")


@pytest.fixture
def env(spool: Spool) -> dict[str, str]:
    put(spool)
    return {"VOX_TELEMETRY_SPOOL_DIR": str(spool.folder.root)}


@contextmanager
def _viewing(*args: str, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start it, and give its first line of output."""
    process = subprocess.Popen(
        command(PROGRAM, "view", *args),
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        end(process)
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_address_once_serves_and_ends_with_0(
    env: dict[str, str], number: signal.Signals
) -> None:
    with _viewing("--no-open", env=env) as (process, line):
        assert ADDRESS.fullmatch(line)
        with httpx.Client(trust_env=False, follow_redirects=True) as browser:
            assert "Pending" in browser.get(line.strip()).text
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert err == "good for one browser; Ctrl-C ends it, and nothing has been sent\n"


def test_json_is_one_document_with_the_url_and_then_it_serves(env: dict[str, str]) -> None:
    with _viewing("--json", env=env | {"VOX_TELEMETRY": "off"}) as (process, line):
        document = json.loads(line)
        assert set(document) == {"url", "spool"}
        assert ADDRESS.fullmatch(document["url"] + "\n")
        assert document["spool"] == env["VOX_TELEMETRY_SPOOL_DIR"]
        assert httpx.get(document["url"], trust_env=False).status_code == 303
        process.terminate()
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_a_port_that_is_taken_ends_it_with_advice(env: dict[str, str]) -> None:
    with _viewing("--no-open", env=env) as (_, line):
        found = ADDRESS.fullmatch(line)
        assert found is not None
        ran = run_cli(PROGRAM, "view", "--no-open", "--port", found[1], env=env)
    assert ran.code == 1
    assert "cannot be listened on: address already in use; choose another with --port" in ran.err


def test_a_spool_that_others_may_enter_ends_it_at_once(env: dict[str, str], spool: Spool) -> None:
    spool.folder.root.chmod(0o755)
    ran = run_cli(PROGRAM, "view", "--no-open", env=env)
    assert (ran.code, "has mode 0755" in ran.err) == (1, True)


def test_other_commands_do_not_import_what_makes_pages() -> None:
    code = (
        "import sys; from vox_telemetry_client.cli import run; run(['status', '--json']);"
        "slow = {'jinja2', 'http.server', 'socketserver', 'webbrowser'};"
        "print(sorted(slow & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "[]\n"


def test_pages_need_nothing_that_could_send_or_unlock(env: dict[str, str]) -> None:
    code = """
import http.client, sys
from vox_telemetry_client.disclosure.serving import serving
from vox_telemetry_client.settings import settings
with serving(settings()) as address:
    host, _, token = address.removeprefix("http://").partition("/")
    cookie = ""
    for path in ("/" + token, "/", "/insights", "/pending", "/rejected", "/sent", "/decisions"):
        asked = http.client.HTTPConnection(host)
        asked.request("GET", path, headers={"Cookie": cookie})
        answer = asked.getresponse()
        answer.read()
        print(answer.status, end=" ")
        cookie = cookie or answer.getheader("Set-Cookie").partition(";")[0]
print(sorted({"httpx", "keyring", "tenacity"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "303 200 200 200 200 200 200 []\n"


@pytest.mark.parametrize(
    ("is_terminal", "environ", "opened"),
    [
        (True, {"DISPLAY": ":0"}, True),
        (True, {"WAYLAND_DISPLAY": "wayland-0"}, True),
        (True, {}, False),
        (False, {"DISPLAY": ":0"}, False),
    ],
)
def test_a_browser_is_started_only_where_somebody_could_see_it(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, environ: dict[str, str], opened: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: asked.append(url) or True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    view._open("http://127.0.0.1:1/open/x")
    assert asked == (["http://127.0.0.1:1/open/x"] if opened else [])


def test_a_browser_that_cannot_be_started_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("DISPLAY", ":0")
    view._open("http://127.0.0.1:1/open/x")
    assert capsys.readouterr().err == "no browser could be started: open the address yourself\n"


def test_a_browser_that_is_waited_for_does_not_hold_up_the_end(
    env: dict[str, str], tmp_path: Path
) -> None:
    browser, started = tmp_path / "browser", tmp_path / "started"
    os.mkfifo(started)
    browser.write_text(f"#!/bin/sh\necho $$ >{started}\nexec sleep 60\n")
    browser.chmod(0o700)
    terminal, its_end = os.openpty()
    process = subprocess.Popen(
        command(PROGRAM, "view"),
        env=os.environ | env | {"DISPLAY": ":0", "BROWSER": f"{browser} %s"},
        stdout=its_end,
        stderr=its_end,
    )
    pid = int(started.read_text())  # waits for it
    try:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        end(process)
        os.kill(pid, signal.SIGKILL)
        os.close(terminal)
        os.close(its_end)
