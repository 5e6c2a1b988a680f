"""Guard: the operations catalogue and the CLI registry are the real commands, effects declared.

People declare in the catalogue what a program cannot tell: title, lane, side effect, whether it can
be undone. Everything else there, and all of the registry, is written from the programs.
"""

from collections.abc import Iterator

import msgspec
import yaml

from vox_telemetry_spec.guards.checkout import PACKAGE, Checkout
from vox_telemetry_spec.guards.commands import Command, Description
from vox_telemetry_spec.guards.errors import GuardError
from vox_telemetry_spec.strict_yaml import load_yaml

CATALOGUE = f"{PACKAGE}/contracts/operations/catalog.v1.yaml"
REGISTRY = f"{PACKAGE}/contracts/cli/command-registry.yaml"
_CATALOGUE_HEAD = """\
# Every operation of the programs. By hand: title, product_lane, side_effect_class, reversible; the
# rest is written by `make docs`. side_effect_class names the farthest-reaching effect of a command:
# none < local-write < secret-store-write < database-write < network-upload.
"""
_REGISTRY_HEAD = """\
# Written by `make docs` from the programs and contracts/operations/catalog.v1.yaml; not by hand.
"""
_WIDTH_CHARS = 100


class Cli(msgspec.Struct):
    """Where an operation is found."""

    surface: str
    path: list[str]
    status: str = "active"


class Operation(msgspec.Struct, kw_only=True):
    """One row of the catalogue; None is what nobody has declared yet."""

    id: str
    title: str
    description: str
    product_lane: str | None = None
    side_effect_class: str | None = None
    reversible: bool | None = None
    cli: Cli


class _Catalogue(msgspec.Struct):
    schema_version: int
    operations: list[Operation]


def read_catalogue(checkout: Checkout) -> dict[tuple[str, ...], Operation]:
    """Return the operations by surface and path.

    Raises:
        GuardError: no catalogue.

    """
    try:
        rows = msgspec.convert(load_yaml(checkout.raw(CATALOGUE)), _Catalogue).operations
    except (yaml.YAMLError, msgspec.ValidationError) as exc:
        raise GuardError(f"{CATALOGUE} is no catalogue: {exc}") from exc
    return {(row.cli.surface, *row.cli.path): row for row in rows}


def catalogue(checkout: Checkout, description: Description) -> Iterator[str]:
    """Yield commands without a row, rows without a command, and what is not declared."""
    declared = read_catalogue(checkout)
    real = {(surface, *command.path): command for surface, command in description.all_commands()}
    for words in sorted(real.keys() - declared.keys()):
        yield f"'{' '.join(words)}' has no row in the catalogue: run make docs, then declare it"
    for words in sorted(declared.keys() - real.keys()):
        yield f"the catalogue has '{' '.join(words)}', which is no command: run make docs"
    for words in sorted(declared.keys() & real.keys()):
        row = declared[words]
        if None in (row.side_effect_class, row.reversible, row.product_lane):
            yield f"'{' '.join(words)}' lacks a declared side effect, lane or reversibility"


def generated_catalogue(checkout: Checkout, description: Description) -> dict[str, str]:
    """Return catalogue and registry as the programs and the declarations make them."""
    declared = read_catalogue(checkout)
    rows = [
        (_operation(surface, command, declared.get((surface, *command.path))), command)
        for surface, command in description.all_commands()
    ]
    operations = [msgspec.to_builtins(row) for row, _ in rows]
    commands = [_registered(row, command) for row, command in rows]
    return {
        CATALOGUE: _CATALOGUE_HEAD + _yaml({"schema_version": 1, "operations": operations}),
        REGISTRY: _REGISTRY_HEAD + _yaml({"schema_version": 1, "commands": commands}),
    }


def _operation(surface: str, command: Command, declared: Operation | None) -> Operation:
    words = [surface.removeprefix("vox-"), *command.path]
    identifier, title = ".".join(words), " ".join(command.path).capitalize()
    cli = Cli(surface, command.path)
    if declared is None:
        return Operation(id=identifier, title=title, description=command.help, cli=cli)
    cli.status = declared.cli.status
    return msgspec.structs.replace(declared, id=identifier, description=command.help, cli=cli)


def _registered(row: Operation, command: Command) -> dict[str, object]:
    return {
        "surface": row.cli.surface,
        "path": " ".join(command.path),
        "status": row.cli.status,
        "product_lane": row.product_lane,
        "side_effect_class": row.side_effect_class,
        "arguments": [one.name for one in command.arguments],
        "options": [one.name for one in command.options],
    }


def _yaml(document: object) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=_WIDTH_CHARS)
