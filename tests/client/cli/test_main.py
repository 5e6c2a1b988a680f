"""What every command promises: exit codes, one JSON document, no traceback, no secret."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.cli import command, run_cli
from support.client_world import consent_to, new_spool, put, stores
from support.http_answers import hang
from support.http_server import misbehaving_server

PROGRAM = "vox-telemetry"
COMMANDS = (
    "keys generate",
    "keys show",
    "keys list",
    "keys remove x",
    "check f",
    "enqueue f",
    "status",
    "show x",
    "export",
    "upload",
    "upload --dry-run",
    "consent grant",
    "consent grant --url https://sink.example",
    "consent deny",
    "consent deny --purge",
    "consent status",
)


def test_the_version_is_the_distributions() -> None:
    ran = run_cli(PROGRAM, "--version")
    assert (ran.code, ran.out, ran.err) == (0, "vox-telemetry 0.1.0\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("unheard",),
        ("keys", "unheard"),
        ("show",),
        ("check", "--unheard", "x"),
        ("enqueue", "--max-events", "0", "x"),
    ],
)
def test_a_wrong_command_line_is_2(arguments: tuple[str, ...]) -> None:
    ran = run_cli(PROGRAM, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("vox-telemetry: ")
    assert len(ran.err.splitlines()) == 1
    ran = run_cli(PROGRAM, *arguments, "--json")
    assert (ran.code, json.loads(ran.out)["error"]["kind"]) == (2, "usage")


def test_no_command_shows_the_help() -> None:
    ran = run_cli(PROGRAM)
    assert ran.code == 2
    assert "Exit codes: 0 done" in ran.out + ran.err


@pytest.mark.parametrize("line", COMMANDS)
def test_json_is_one_document_also_on_a_machine_without_keyring(tmp_path: Path, line: str) -> None:
    ran = run_cli(PROGRAM, *line.split(), "--json", cwd=tmp_path)
    assert isinstance(json.loads(ran.out), dict)
    assert ran.code in (0, 1, 3)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "line", ["keys generate", "keys show", "upload", "upload --dry-run", "keys remove x"]
)
def test_a_machine_without_keyring_is_told_in_one_line(tmp_path: Path, line: str) -> None:
    ran = run_cli(PROGRAM, *line.split(), cwd=tmp_path)
    assert (ran.code, ran.out) == (3, "")
    assert len(ran.err.splitlines()) == 1


def test_the_choices_without_a_keyring_are_named(tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "keys", "generate", cwd=tmp_path)
    for choice in ("unlock yours", "gnome-keyring", "PYTHON_KEYRING_BACKEND"):
        assert choice in ran.err


def test_a_dead_bus_is_told_in_one_line(tmp_path: Path) -> None:
    env = {
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/gone",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
    }
    ran = run_cli(PROGRAM, "keys", "generate", env=env)
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)
    assert "no usable keyring" in ran.err


def _run_without_reader(
    *arguments: str, env: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the program into a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            command(PROGRAM, *arguments),
            env=env,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)


def test_a_reader_that_leaves_is_no_trouble(tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    env = os.environ | {"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")}
    for arguments in (("export",), ("export", "--json"), ("keys", "list"), ("status",)):
        done = _run_without_reader(*arguments, env=env)
        expected = (
            (0, "no keys yet, make one: vox-telemetry keys generate\n")
            if "keys" in arguments
            else (141, "")
        )
        assert (done.returncode, done.stderr) == expected


def test_ctrl_c_in_an_upload_keeps_everything(client_env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    run_cli(PROGRAM, "keys", "generate", env=client_env)
    with misbehaving_server(hang(60), then=stores()) as server:
        consent_to(server.url)
        env = client_env | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
        process = subprocess.Popen(
            command(PROGRAM, "upload", "--json"),
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not server.requests:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, json.loads(out)["error"]["kind"]) == (130, "interrupted")
        assert "Traceback" not in err
        assert len(new_spool(tmp_path / "spool").pending()) == 1
        assert run_cli(PROGRAM, "upload", env=env).code == 0


def test_looking_does_not_import_what_only_sending_or_showing_needs() -> None:
    code = (
        "import sys; from vox_telemetry_client.cli import run; run(['status', '--json']);"
        "slow = {'httpx', 'keyring', 'tenacity', 'cryptography.x509', 'rich'};"
        "print(sorted(slow & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "[]\n"


def test_the_help_of_each_command_is_there() -> None:
    for line in (
        "check",
        "enqueue",
        "status",
        "show",
        "export",
        "upload",
        "keys generate",
        "consent deny",
    ):
        ran = run_cli(PROGRAM, *line.split(), "--help")
        assert (ran.code, "--json" in ran.out) == (0, True)


def _run_with(redirection: str, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run the program from a shell with standard streams that are not what one expects."""
    line = f"{shlex.join(map(str, command(PROGRAM, *arguments)))} {redirection}"
    return subprocess.run(["sh", "-c", line], capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("redirection", "arguments", "message"),
    [
        (">/dev/full", "status", "standard output cannot be written: no space left on device"),
        (">/dev/full", "status --json", "standard output cannot be written: no space left"),
        (">/dev/full", "check gone --json", "gone: no such file"),
        (">&-", "status --json", "standard output is closed"),
        (">&-", "check gone --json", "gone: no such file"),
        ("<&-", "check -", "-: standard input is closed"),
    ],
)
def test_streams_that_cannot_be_used_are_told_in_one_line(
    redirection: str, arguments: str, message: str
) -> None:
    done = _run_with(redirection, *arguments.split())
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"vox-telemetry: {message}")


def test_closed_standard_error_changes_no_exit_code() -> None:
    assert _run_with("2>&-", "keys", "show").returncode == 3
    assert _run_with("2>/dev/full", "keys", "show").returncode == 3


def test_a_reader_that_leaves_before_the_trouble_is_told() -> None:
    done = _run_without_reader("check", "gone", "--json")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


@pytest.mark.parametrize("content", [None, "["])
def test_a_name_that_is_no_utf8_is_shown_in_json(tmp_path: Path, content: str | None) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json"))
    if content is not None:
        path.write_text(content)
    done = _run_with("", "check", path, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert f"{tmp_path}/?.json: " in document["error"]["message"]
    assert b"Traceback" not in done.stderr


def test_json_is_utf8_and_text_is_printable_in_any_locale(tmp_path: Path) -> None:
    for arguments, expected in (
        (("check", "\u2603.json", "--json"), b"\xe2\x98\x83.json: no such file"),
        (("status",), rb"\u2603"),
    ):
        folder = tmp_path / "\u2603"
        folder.mkdir(exist_ok=True)
        env = os.environ | {"PYTHONIOENCODING": "latin-1"}
        done = subprocess.run(
            command(PROGRAM, *arguments),
            cwd=folder,
            env=env,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert expected in done.stdout
        assert b"Traceback" not in done.stderr
