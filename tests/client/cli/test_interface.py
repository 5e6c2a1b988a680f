"""What all commands share: JSON, examples, one-line errors, colours, completion."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from support.cli import command, run_cli
from support.client_world import new_spool, put
from vox_telemetry_client import cli, errors
from vox_telemetry_client.cli.app import app
from vox_telemetry_client.errors import TelemetryError
from vox_telemetry_client.key_list import KnownKey

PROGRAM = "vox-telemetry"
ROOT = typer.main.get_command(app)
COLOUR = "\x1b["


def leaves(group: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from leaves(one, (*path, name))
        else:
            yield " ".join((*path, name)), one


LEAVES = dict(leaves())


def examples(one: Any) -> list[str]:
    found = re.findall(r"vox-telemetry .+", one.epilog or "")
    return [re.split(r" [|>] |\.(?= |$)", line)[0] for line in found]


@pytest.mark.parametrize("path", LEAVES)
def test_every_command_has_json(path: str) -> None:
    assert any("--json" in one.opts for one in LEAVES[path].params)


@pytest.mark.parametrize("path", LEAVES)
def test_the_help_of_every_command_has_an_example_that_parses(path: str) -> None:
    found = examples(LEAVES[path])
    assert found
    for line in found:
        words = shlex.split(line)
        end = 1 + len(path.split())
        assert words[1:end] == path.split()
        LEAVES[path].make_context(path, words[end:])  # raises what a wrong command line raises


def test_an_example_that_does_not_parse_would_be_noticed() -> None:
    with pytest.raises(typer.TyperException):
        LEAVES["show"].make_context("show", ["--unheard"])


def test_the_help_shows_the_example() -> None:
    ran = run_cli(PROGRAM, "doctor", "--help")
    assert (ran.code, "vox-telemetry doctor --offline --json" in ran.out) == (0, True)


def tree(kind: type[TelemetryError] = TelemetryError) -> Iterator[type[TelemetryError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from tree(below)


ERRORS = list(tree())


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_is_one_line_its_exit_code_and_one_json_document(
    kind: type[TelemetryError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> None:
        raise kind.__new__(kind, "what was got, expected another: do this")

    monkeypatch.setattr(cli, "app", fails)
    code = cli.run(["status"])
    told = capsys.readouterr()
    # Nobody is there any more, or the run has told it already.
    silent = issubclass(kind, errors.ReaderLeftError | errors.InterruptedRunError)
    assert (code, told.out) == (kind.exit_code, "")
    assert told.err.count("\n") == (0 if silent else 1)
    if not silent:
        cli.run(["status", "--json"])
        document = json.loads(capsys.readouterr().out)
        assert document["error"]["kind"] == kind.kind


def test_every_error_stands_in_the_drawing_with_its_exit_code() -> None:
    drawn = dict(
        re.findall(r"^ {4}[│├└─ ]*(\w+Error) \((\d+)\)", errors.__doc__ or "", re.MULTILINE)
    )
    assert drawn == {kind.__name__: str(kind.exit_code) for kind in ERRORS}
    kinds = [kind.kind for kind in ERRORS]
    assert len(set(kinds)) == len(kinds)


def test_every_exit_code_is_documented() -> None:
    named = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert {kind.exit_code for kind in ERRORS} <= named
    page = Path(errors.__file__).parents[2] / "docs" / "reference" / "cli.md"
    text = page.read_text(encoding="utf-8").split("## vox-telemetry-sink")[0]
    assert named <= {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}


def on_a_terminal(*arguments: str, cwd: Path, **env: str) -> str:
    """Run the program in a pseudo-terminal and give what it showed."""
    ours, theirs = pty.openpty()
    scrubbed = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        command(PROGRAM, *arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env=scrubbed | {"TERM": "xterm-256color", "COLUMNS": "300"} | env,
    )
    os.close(theirs)
    shown = b""
    try:
        while read := os.read(ours, 65_536):
            shown += read
    except OSError:
        pass  # Linux says so when the other end has closed
    finally:
        os.close(ours)
        process.wait(60)
    return shown.decode()


def test_a_terminal_is_shown_colours(tmp_path: Path) -> None:
    shown = on_a_terminal("doctor", "--offline", cwd=tmp_path)
    assert COLOUR in shown
    assert "switch.master" in shown


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_no_color_and_a_dumb_terminal_are_obeyed(tmp_path: Path, env: Mapping[str, str]) -> None:
    for arguments in (("doctor", "--offline"), ("keys", "list"), ("doctor", "--help")):
        shown = on_a_terminal(*arguments, cwd=tmp_path, **env)
        assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", shown), arguments


def test_away_from_a_terminal_all_is_plain_unless_colours_are_asked_for(tmp_path: Path) -> None:
    arguments = ("doctor", "--offline")
    assert COLOUR not in run_cli(PROGRAM, *arguments, cwd=tmp_path).out
    forced = run_cli(PROGRAM, *arguments, cwd=tmp_path, env={"FORCE_COLOR": "1", "TERM": "xterm"})
    assert COLOUR in forced.out


def test_json_is_never_coloured(tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "doctor", "--offline", "--json", cwd=tmp_path, env={"FORCE_COLOR": "1"})
    assert isinstance(json.loads(ran.out), dict)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "pwsh"])
def test_completion_prints_a_script_for_each_shell(shell: str) -> None:
    ran = run_cli(PROGRAM, "completion", shell)
    assert ran.code == 0
    assert "_VOX_TELEMETRY_COMPLETE" in ran.out
    assert json.loads(run_cli(PROGRAM, "completion", shell, "--json").out)["shell"] == shell


def complete(words: str, env: Mapping[str, str] | None = None) -> list[str]:
    """Ask for what comes next, as the script for bash does."""
    asked = {
        "_VOX_TELEMETRY_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    return run_cli(PROGRAM, env=asked | dict(env or {})).out.split()


def test_completion_in_a_real_bash() -> None:
    here = str(Path(sys.executable).parent)
    script = (
        'eval "$(vox-telemetry completion bash)"; COMP_WORDS=(vox-telemetry keys gen); '
        "COMP_CWORD=2; _vox_telemetry_completion vox-telemetry; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"PATH": f"{here}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "generate\n"


def test_completion_of_commands_and_options() -> None:
    assert complete("vox-telemetry up") == ["upload"]
    assert complete("vox-telemetry doctor --off") == ["--offline"]


def test_completion_of_batch_ids_from_the_disk(tmp_path: Path) -> None:
    batches = put(new_spool(tmp_path / "spool"), events=2, max_events=1)
    env = {"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")}
    assert complete("vox-telemetry show 0", env) == [one.batch_id for one in batches]
    assert complete("vox-telemetry show x", env) == []
    (tmp_path / "spool").chmod(0o755)
    assert complete("vox-telemetry show 0", env) == []


def test_completion_of_key_ids_from_the_disk(tmp_path: Path) -> None:
    from vox_telemetry_client import key_list

    key = KnownKey("kPrK", "x", "2026-11-22T12:00:00.000Z")
    key_list.change(lambda keys: keys.with_key(key))
    assert complete("vox-telemetry keys show k") == ["kPrK"]
    key_list.path().write_text("{")
    assert complete("vox-telemetry keys show k") == []


def test_completion_asks_neither_network_nor_keyring(tmp_path: Path) -> None:
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print(sorted({'httpx', 'keyring'} & set(sys.modules)),"
        " file=sys.stderr))\n"
        "from vox_telemetry_client.cli import run\n"
        "run([])"
    )
    asked = {
        "_VOX_TELEMETRY_COMPLETE": "complete_bash",
        "COMP_WORDS": "vox-telemetry show 0",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | asked,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == "[]\n"
