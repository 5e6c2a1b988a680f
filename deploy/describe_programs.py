"""Print what the programs really are, as one JSON document: commands, exit codes, OpenAPI.

The guards compare committed files with this. The contract may import neither program, so it starts
this script in a process of its own; nothing here is shipped.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from typer.testing import CliRunner

from vox_telemetry_client import errors as client_errors
from vox_telemetry_client.cli.app import app as client_app
from vox_telemetry_sink import cli as sink_cli
from vox_telemetry_sink.app import create_litestar
from vox_telemetry_sink.cli.program import program as sink_app
from vox_telemetry_sink.config import Config

_BY_TYPER = {"done": 0, "usage": 2}
# What a pipe of 80 columns gets, whatever terminal and settings started this.
_PLAIN_ENV = {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1", "FORCE_COLOR": None}


def describe() -> dict[str, Any]:
    """Return both programs and the OpenAPI document of the sink's application."""
    # Nothing connects before the application is started, so any URL and folder will do.
    sink = create_litestar(Config(database_url="postgresql://", data_dir=Path()))
    return {
        "programs": [
            _program("vox-telemetry", client_app, client_errors),
            _program("vox-telemetry-sink", sink_app, sink_cli),
        ],
        "openapi": sink.openapi_schema.to_schema(),
    }


def _program(surface: str, app: typer.Typer, exit_codes: ModuleType) -> dict[str, Any]:
    root = typer.main.get_command(app)
    return {
        "surface": surface,
        "help": _plain(root.help),
        "exit_codes": _exit_codes(exit_codes),
        "options": _parameters(root)["options"],
        "commands": _commands(root, ()),
        "help_texts": dict(_help_texts(surface, app, root, ())),
    }


def _help_texts(
    surface: str,
    app: typer.Typer,
    command: Any,  # noqa: ANN401 -- typer keeps its click classes private
    path: tuple[str, ...],
) -> Iterator[tuple[str, str]]:
    """Yield what `--help` prints of a command and of those below it, less blanks at line ends."""
    said = CliRunner().invoke(app, [*path, "--help"], prog_name=surface, env=_PLAIN_ENV).stdout
    lines = [line.rstrip() for line in said.splitlines()]
    yield " ".join((surface, *path)), "\n".join(lines).strip("\n")
    for name, below in getattr(command, "commands", {}).items():
        yield from _help_texts(surface, app, below, (*path, name))


def _commands(group: Any, path: tuple[str, ...]) -> list[dict[str, Any]]:  # noqa: ANN401 -- typer keeps its click classes private
    found = []
    for name, command in group.commands.items():
        here = (*path, name)
        if hasattr(command, "commands"):
            found += _commands(command, here)
        if not hasattr(command, "commands") or command.invoke_without_command:
            found.append({"path": list(here), "help": _plain(command.help), **_parameters(command)})
    return found


def _parameters(command: Any) -> dict[str, list[dict[str, Any]]]:  # noqa: ANN401 -- as above
    arguments, options = [], []
    for one in command.params:
        if one.param_type_name == "argument":
            name = one.metavar or one.name.upper()
            arguments.append({"name": name, "help": _plain(one.help)})
        elif not one.hidden:
            spelling = ", ".join([*one.opts, *one.secondary_opts])
            value = "" if one.is_flag else " " + (one.metavar or "VALUE")
            options.append({"name": spelling + value, "help": _plain(one.help)})
    return {"arguments": arguments, "options": options}


def _exit_codes(module: ModuleType) -> dict[str, int]:
    """Return the codes by their constants' names; typer itself gives the first two."""
    named = {
        name.removeprefix("EXIT_").lower().replace("_", " "): value
        for name, value in vars(module).items()
        if name.startswith("EXIT_")
    }
    return dict(sorted((_BY_TYPER | named).items(), key=lambda pair: pair[1]))


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    json.dump(describe(), sys.stdout)
