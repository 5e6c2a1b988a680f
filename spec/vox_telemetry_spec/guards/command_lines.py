"""Guard: every command line that a document shows is one that the programs understand.

Looked at are lines that begin with `$ ` in a block, and code in a line of text that begins with a
program's name.
"""

import re
from collections.abc import Iterator

from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.commands import Command, Description, Program

_SHOWN = re.compile(r"^\$ (.+)$|`([^`\n]+)`", re.MULTILINE)
_WORD = re.compile(r"[a-z][a-z-]*")
_OPTION = re.compile(r"--[a-z][a-z-]*")


def command_lines(checkout: Checkout, description: Description) -> Iterator[str]:
    """Yield command lines of the documents that name no command or option."""
    programs = {program.surface: program for program in description.programs}
    for path in [*checkout.paths("README.md"), *checkout.paths("docs/", ".md")]:
        for shown in _SHOWN.findall(checkout.text(path)):
            line = (shown[0] or shown[1]).split("#", 1)[0].split()
            if line and line[0] in programs and (why := _trouble(programs[line[0]], line[1:])):
                yield f"{path} shows '{' '.join(line)}': {why}"


def _trouble(program: Program, words: list[str]) -> str | None:
    command = program.command(words)
    if command is None:
        named = words and _WORD.fullmatch(words[0])
        if named and not any(one.path[0] == words[0] for one in program.commands):
            return f"no command begins with '{words[0]}'"
        # A group may be named alone, but what follows it must be one of its commands.
        if named and len(words) > 1 and _WORD.fullmatch(words[1]):
            return f"'{words[0]}' has no command '{words[1]}'"
    known = _options(program, command)
    unknown = [word for word in words if _OPTION.match(word) and word.split("=")[0] not in known]
    return f"there is no option '{unknown[0]}'" if unknown else None


def _options(program: Program, command: Command | None) -> set[str]:
    options = [*program.options, *(command.options if command else [])]
    return {"--help", *(name for one in options for name in _OPTION.findall(one.name))}
