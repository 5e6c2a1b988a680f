"""Guard: every metric type is registered and documented, and no document names another."""

import re
from collections.abc import Iterator

from vox_telemetry_spec.guards.checkout import CONTRACTS, PACKAGE, Checkout
from vox_telemetry_spec.guards.closed import USAGE_EVENTS
from vox_telemetry_spec.guards.contract_files import read_registry
from vox_telemetry_spec.guards.errors import GuardError
from vox_telemetry_spec.guards.schemas import json_of

METRIC_CONTRACT = "docs/reference/metric-contract.md"
TAXONOMY = "docs/taxonomy.md"
_SECTION = "## Metric types\n"  # what comes before it in METRIC_CONTRACT names members, not types
_FIRST_CELL = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def metric_types(checkout: Checkout) -> Iterator[str]:
    """Yield metric types that the registry, the two documents and the contracts do not share."""
    registry = read_registry(checkout)
    registered = {one.metric_type for one in registry.families if one.metric_type is not None}
    for path in (METRIC_CONTRACT, TAXONOMY):
        text = checkout.text(path)
        for name in sorted(registered):
            if f"`{name}`" not in text:  # with its ticks: `a.b` is not mentioned by `a.b.c`
                yield f"metric type '{name}' is registered and not in {path}"
    for name in _FIRST_CELL.findall(checkout.text(METRIC_CONTRACT).partition(_SECTION)[2]):
        if name not in registered:
            yield f"metric type '{name}' is in {METRIC_CONTRACT} and not registered"
    refs = {one.schema_ref: one.metric_type for one in registry.families}
    for path in checkout.paths(USAGE_EVENTS, ".schema.json"):
        yield from _contract(checkout, path, refs)


def _contract(checkout: Checkout, path: str, refs: dict[str | None, str | None]) -> Iterator[str]:
    name = path.removeprefix(f"{CONTRACTS}/")
    try:
        schema = json_of(checkout.raw(path), path)
        declared = schema["properties"]["metric_type"]["const"]
    except GuardError as exc:
        yield str(exc)
        return
    except (KeyError, TypeError):
        yield f"{name} fixes no metric_type, expected a const"
        return
    expected = refs.get(path.removeprefix(f"{PACKAGE}/"))
    if expected != declared:
        yield f"{name} is for metric type '{declared}', its family in the registry for '{expected}'"
