"""Guard: every contract is registered, present, readable, valid, and enforced by someone."""

from collections.abc import Iterator

import yaml

from vox_telemetry_spec.guards.checkout import CONTRACTS, INDEX, PACKAGE, Checkout
from vox_telemetry_spec.guards.errors import GuardError
from vox_telemetry_spec.guards.schemas import json_of, meta_schema_error, schema_error
from vox_telemetry_spec.registry import ContractRow, Registry
from vox_telemetry_spec.strict_yaml import load_yaml

_COMPANION = "-schema"  # the schema of the row `x` is the row `x-schema`, as in the original


def read_registry(checkout: Checkout) -> Registry:
    """Return the registry of a checkout.

    Raises:
        GuardError: no registry file.
        RegistryError: it contradicts itself.

    """
    return Registry.parse(checkout.raw(INDEX))


def contract_files(checkout: Checkout) -> Iterator[str]:
    """Yield what is wrong with the registry's rows and their files."""
    registry = read_registry(checkout)
    registered = {f"{PACKAGE}/{row.path}" for row in registry.contracts} | {INDEX}
    for path in checkout.paths(f"{CONTRACTS}/"):
        if path not in registered:
            yield f"{path} has no row in contracts/index.yaml, expected one"
    by_id = {row.id: row for row in registry.contracts}
    for row in (*registry.contracts, ContractRow("index", INDEX, "", "yaml", "", ["-"])):
        yield from _row(checkout, row, by_id.get(row.id + _COMPANION))
    for family in registry.families:
        if family.schema_ref and f"{PACKAGE}/{family.schema_ref}" not in registered:
            yield f"family '{family.family}' has schema_ref {family.schema_ref}, which has no row"


def _row(checkout: Checkout, row: ContractRow, companion: ContractRow | None) -> Iterator[str]:
    if not row.enforced_by:
        yield f"row '{row.id}' has an empty enforced_by, expected a guard or a test"
    for name in row.enforced_by:
        if name.startswith("tests/") and name not in set(checkout.paths(name)):
            yield f"row '{row.id}' is enforced by {name}, which does not exist"
    if row.kind == "yaml" and companion is None:
        yield f"row '{row.id}' has no schema, expected a row '{row.id}{_COMPANION}'"
    try:
        document = _document(checkout, row)
        if row.kind == "json-schema" and (broken := meta_schema_error(document)):
            yield f"{row.path} breaks its meta-schema: {broken}"
        if companion is not None:
            schema = json_of(checkout.contract(companion.path), companion.path)
            if not meta_schema_error(schema) and (broken := schema_error(schema, document)):
                yield f"{row.path} breaks {companion.path} {broken}"
    except GuardError as exc:
        yield str(exc)


def _document(checkout: Checkout, row: ContractRow) -> object:
    raw = checkout.raw(INDEX) if row.path == INDEX else checkout.contract(row.path)
    if row.kind != "yaml":
        return json_of(raw, row.path)
    try:
        return load_yaml(raw)
    except yaml.YAMLError as exc:
        raise GuardError(f"{row.path} is no valid YAML: {exc}") from exc
