"""What the programs say of themselves, as `deploy/describe_programs.py` prints it."""

from collections.abc import Iterator
from typing import Any

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """An argument or option as its help spells it, and what the help says."""

    name: str
    help: str


class Command(msgspec.Struct, frozen=True):
    """One command that does something; a group of commands is only a part of their paths."""

    path: list[str]
    help: str
    arguments: list[Parameter]
    options: list[Parameter]


class Program(msgspec.Struct, frozen=True):
    """One program: its commands in the order of its help, its exit codes by meaning."""

    surface: str
    help: str
    exit_codes: dict[str, int]
    options: list[Parameter]
    commands: list[Command]
    help_texts: dict[str, str] = {}  # what `--help` prints, by the words before it

    def command(self, words: list[str]) -> Command | None:
        """Return the command that a command line begins with."""
        return next((one for one in self.commands if words[: len(one.path)] == one.path), None)


class Description(msgspec.Struct, frozen=True):
    """All programs, and the OpenAPI document of the sink's application."""

    programs: list[Program]
    openapi: dict[str, Any]

    def all_commands(self) -> Iterator[tuple[str, Command]]:
        """Yield each command with its program's name."""
        for program in self.programs:
            for command in program.commands:
                yield program.surface, command
