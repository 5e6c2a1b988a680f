"""Guard: the environment variables in the code are those in the reference, and few files read any.

Names are looked for in every string of the two programs, help texts and messages included: a
message that tells an operator to set a variable which does not exist is as wrong.
"""

import ast
import re
from collections.abc import Iterator

from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.errors import GuardError

ENV_VARS = "docs/reference/env-vars.md"
PROGRAMS = ("client/", "sink/")
# The files that may touch the environment, and what for.
DOORS = {
    "client/vox_telemetry_client/settings.py": "reads the client's settings and switches",
    "client/vox_telemetry_client/connecting.py": "asks for the proxy",
    "client/vox_telemetry_client/recording.py": "is called by programs without our command line",
    "sink/vox_telemetry_sink/cli/settings.py": "reads the sink's settings",
    "sink/vox_telemetry_sink/cli/serve.py": "tells worker processes where they count",
    "sink/vox_telemetry_sink/metrics.py": "asks where workers count",
    "sink/vox_telemetry_sink/embedded/programs.py": "keeps PG* from the Postgres programs",
    "sink/vox_telemetry_sink/embedded/socket_folder.py": "asks for the folder of run-time files",
    "sink/vox_telemetry_sink/testing/environment.py": "keeps the machine's settings from tests",
}
_NAME = re.compile(r"\b(?:VOX_[A-Z0-9_]*|DO_NOT_TRACK|XDG_[A-Z0-9_]+)")
_ROW = re.compile(r"^\| `([A-Z0-9_]+)` \|", re.MULTILINE)
_READS = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def environment(checkout: Checkout) -> Iterator[str]:
    """Yield variables that code and reference do not share, and reads outside of the doors."""
    documented = set(_ROW.findall(checkout.text(ENV_VARS)))
    named: dict[str, str] = {}
    readers = set()
    for path in [path for prefix in PROGRAMS for path in checkout.paths(prefix, ".py")]:
        tree = _tree(checkout, path)
        for name in _names(tree):
            named.setdefault(name, path)
        if any(_reads(node) for node in ast.walk(tree)):
            readers.add(path)
    for name in sorted(named.keys() - documented):
        if name.endswith("_"):
            yield f"{named[name]} puts a variable's name together from '{name}', expected it whole"
        else:
            yield f"{name} is in {named[name]} and not in {ENV_VARS}"
    for name in sorted(documented - named.keys()):
        yield f"{name} is in {ENV_VARS} and in no code"
    for path in sorted(readers - DOORS.keys()):
        yield f"{path} reads the environment, expected it to be given its settings"
    for path in sorted(DOORS.keys() - readers):
        yield f"{path} is a door to the environment and does not read it, expected no such door"


def _tree(checkout: Checkout, path: str) -> ast.Module:
    try:
        return ast.parse(checkout.text(path))
    except SyntaxError as exc:
        raise GuardError(f"{path} is no Python: {exc.msg}") from exc


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _NAME.findall(node.value)


def _reads(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in _READS and isinstance(node.value, ast.Name) and node.value.id == "os"
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any(alias.name in _READS for alias in node.names)
    return False
