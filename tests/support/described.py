"""A small description of two programs, written by hand, and a checkout that agrees with it."""

from support.checkouts import CONTRACTS
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.command_compliance import generated
from vox_telemetry_spec.guards.commands import Command, Description, Parameter, Program

CATALOGUE = f"{CONTRACTS}/operations/catalog.v1.yaml"
REGISTRY = f"{CONTRACTS}/cli/command-registry.yaml"
CLI = "docs/reference/cli.md"
HELP = "docs/reference/help.md"
OPENAPI = "docs/reference/openapi.json"

JSON = Parameter("--json", "Print one JSON document.")
VERSION = Parameter("--version", "Print the version.")
SEND = Command(["send"], "Send it all.", [Parameter("FILE...", "What to send.")], [JSON])
KEYS_LIST = Command(["keys", "list"], "List the keys.", [], [JSON])
KEYS_SHOW = Command(["keys", "show"], "Show a key.", [], [])
CODES = {"done": 0, "usage": 2}


def described(*commands: Command, help: str = "A program.") -> Description:  # noqa: A002 -- its field
    """Return one program with these commands, and an OpenAPI document."""
    texts = {"vox-telemetry keys": "Usage: vox-telemetry keys"}
    program = Program("vox-telemetry", help, CODES, [VERSION], list(commands), texts)
    return Description([program], {"openapi": "3.1.0"})


TWO = described(SEND, KEYS_LIST)
_DECLARED = """\
schema_version: 1
operations:
- id: telemetry.send
  title: Send
  description: Send it all.
  product_lane: platform
  side_effect_class: network-upload
  reversible: false
  cli: {surface: vox-telemetry, path: [send], status: active}
- id: telemetry.keys.list
  title: List keys
  description: List the keys.
  product_lane: platform
  side_effect_class: none
  reversible: true
  cli: {surface: vox-telemetry, path: [keys, list], status: active}
"""
_PAGE = (
    "# Commands\n\n<!-- generated: vox-telemetry (make docs) -->\n<!-- end of vox-telemetry -->\n"
)


def agreeing() -> Checkout:
    """Return a checkout that says what TWO says."""
    files = {
        CATALOGUE: _DECLARED,
        REGISTRY: "",
        OPENAPI: "",
        CLI: _PAGE,
        HELP: _PAGE,
        "README.md": "# It\n",
    }
    checkout = Checkout({path: text.encode() for path, text in files.items()})
    for path, text in generated(checkout, TWO).items():
        checkout = checkout.replace(path, text.encode())
    return checkout
