"""`command-compliance`: registry, catalogue, OpenAPI and help are those of the programs."""

import json
from collections.abc import Iterator

from vox_telemetry_spec.errors import SpecError
from vox_telemetry_spec.guards.catalogue import catalogue, generated_catalogue
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.cli_page import cli_page
from vox_telemetry_spec.guards.command_lines import command_lines
from vox_telemetry_spec.guards.commands import Description
from vox_telemetry_spec.guards.generated import documents

NAME = "command-compliance"
HELP = "Compare commands, side effects, OpenAPI and help with the programs."
OPENAPI = "docs/reference/openapi.json"


def findings(checkout: Checkout, description: Description) -> list[str]:
    """Return where the committed files and the programs differ."""
    try:
        return [
            *catalogue(checkout, description),
            *command_lines(checkout, description),
            *documents(checkout, cli_page(checkout, description))[1],
            *_differing(checkout, description),
        ]
    except SpecError as exc:
        return [str(exc)]


def generated(checkout: Checkout, description: Description) -> dict[str, str]:
    """Return the files that differ, as the programs make them.

    Raises:
        SpecError: the catalogue, which holds what people declared, is damaged.

    """
    files = generated_catalogue(checkout, description)
    files[OPENAPI] = json.dumps(description.openapi, indent=2, ensure_ascii=False) + "\n"
    changed = {path: text for path, text in files.items() if _is_other(checkout, path, text)}
    return changed | documents(checkout, cli_page(checkout, description))[0]


def _differing(checkout: Checkout, description: Description) -> Iterator[str]:
    for path in generated(checkout, description):
        yield f"{path} differs from the programs: run make docs"


def _is_other(checkout: Checkout, path: str, text: str) -> bool:
    return not list(checkout.paths(path)) or checkout.text(path) != text
