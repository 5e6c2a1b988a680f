"""The pages of commands and of their help, from the programs and the declared side effects."""

from collections.abc import Iterator, Mapping

from vox_telemetry_spec.guards.catalogue import Operation, read_catalogue
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.commands import Command, Description, Parameter, Program
from vox_telemetry_spec.guards.generated import table

CLI = "docs/reference/cli.md"
HELP = "docs/reference/help.md"


def cli_page(checkout: Checkout, description: Description) -> dict[str, dict[str, str]]:
    """Return the generated parts of both pages, one a program."""
    operations = read_catalogue(checkout)
    return {
        CLI: {
            program.surface: "\n\n".join(_program(program, operations))
            for program in description.programs
        },
        HELP: {
            program.surface: "\n\n".join(
                f"### {words} --help\n\n```text\n{text}\n```"
                for words, text in program.help_texts.items()
            )
            for program in description.programs
        },
    }


def _program(program: Program, operations: Mapping[tuple[str, ...], Operation]) -> Iterator[str]:
    yield program.help
    yield _parameters("option", program.options)
    rows = ((str(code), meaning) for meaning, code in program.exit_codes.items())
    yield table(("exit code", "meaning"), rows)
    for command in program.commands:
        operation = operations.get((program.surface, *command.path))
        yield from _command(program.surface, command, operation)


def _command(surface: str, command: Command, operation: Operation | None) -> Iterator[str]:
    words = [surface, *command.path, *(one.name for one in command.arguments)]
    yield f"### `{' '.join(words)}`"
    effect = operation.side_effect_class if operation else None
    yield f"{command.help} Side effect: {effect or 'not declared'}."
    if command.arguments:
        yield _parameters("argument", command.arguments)
    if command.options:
        yield _parameters("option", command.options)


def _parameters(kind: str, parameters: list[Parameter]) -> str:
    return table((kind, "meaning"), ((f"`{one.name}`", one.help) for one in parameters))
