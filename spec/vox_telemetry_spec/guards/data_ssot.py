"""`data-ssot-guards`: contracts, documents, code and changelog say the same."""

from collections.abc import Callable, Iterator

from vox_telemetry_spec.errors import SpecError
from vox_telemetry_spec.guards.changelog import Changes, changelog
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.closed import closed_contracts
from vox_telemetry_spec.guards.contract_files import contract_files
from vox_telemetry_spec.guards.environment import environment
from vox_telemetry_spec.guards.generated import documents
from vox_telemetry_spec.guards.metric_types import metric_types
from vox_telemetry_spec.guards.registry_tables import registry_tables
from vox_telemetry_spec.guards.rule_tables import rule_ids, rule_tables
from vox_telemetry_spec.guards.telemetry_tables import telemetry_tables

NAME = "data-ssot-guards"
HELP = "Compare contracts, documents, code and changelog."
_GUARDS: tuple[Callable[[Checkout], Iterator[str]], ...] = (
    contract_files,
    closed_contracts,
    metric_types,
    environment,
    telemetry_tables,
    rule_ids,
)


def findings(checkout: Checkout, changes: Changes) -> list[str]:
    """Return what the guards found; a guard that cannot look is a finding too."""
    found = [finding for guard in _GUARDS for finding in _asked(guard, checkout)]
    found += _asked(_documents, checkout)
    found += _asked(lambda tree: changelog(changes, tree.text("CHANGELOG.md")), checkout)
    return list(dict.fromkeys(found))


def generated(checkout: Checkout) -> dict[str, str]:
    """Return the documents whose generated parts differ, as they should be.

    Raises:
        SpecError: what they are generated from is damaged.

    """
    return documents(checkout, registry_tables(checkout) | rule_tables(checkout))[0]


def _documents(checkout: Checkout) -> Iterator[str]:
    changed, missing = documents(checkout, registry_tables(checkout) | rule_tables(checkout))
    yield from missing
    for path in changed:
        yield f"{path} differs from what it is generated from: run make docs"


def _asked(guard: Callable[[Checkout], Iterator[str]], checkout: Checkout) -> list[str]:
    try:
        return list(guard(checkout))
    except SpecError as exc:
        return [str(exc)]
