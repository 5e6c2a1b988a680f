"""The tables of the documents that the registry and the retention policy give."""

from collections.abc import Iterator

from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.contract_files import read_registry
from vox_telemetry_spec.guards.generated import table
from vox_telemetry_spec.guards.metric_types import METRIC_CONTRACT, TAXONOMY
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.retention import POLICY_PATH, RetentionKind, RetentionRule, parse_policy
from vox_telemetry_spec.taxonomy import TransmissionClass

RETENTION = "docs/retention-and-sensitivity.md"
_TO_PACKAGE = "../spec/vox_telemetry_spec"
_RULES = {
    RetentionKind.KEEP_FOREVER: "kept",
    RetentionKind.MANUAL: "by hand or by its own program",
    RetentionKind.EXPIRES_LT_NOW: "when its own time has passed",
}


def registry_tables(checkout: Checkout) -> dict[str, dict[str, str]]:
    """Return the generated parts by document and name."""
    registry = read_registry(checkout)
    policy = parse_policy(checkout.contract(POLICY_PATH), POLICY_PATH)
    return {
        TAXONOMY: {
            "families": table(
                ("family", "metric type", "sensitivity", "transmission", "contract"),
                _families(registry),
            ),
            "contracts": table(("contract", "owner", "what it is"), _contracts(registry)),
        },
        METRIC_CONTRACT: {
            "metric types": table(
                ("metric type", "session id", "sensitivity", "may be uploaded", "owner"),
                _metric_types(registry),
            )
        },
        RETENTION: {
            "retention": table(("table", "rows go", "by"), _retention(policy)),
        },
    }


def _families(registry: Registry) -> Iterator[tuple[str, ...]]:
    for one in registry.families:
        yield (
            f"`{one.family}`",
            f"`{one.metric_type}`" if one.metric_type else "none",
            one.sensitivity_class.value,
            f"`{one.transmission_class}`",
            _link(one.schema_ref) if one.schema_ref else "none",
        )


def _contracts(registry: Registry) -> Iterator[tuple[str, ...]]:
    for row in registry.contracts:
        if row.kind in {"json-schema", "yaml"}:
            yield _link(row.path), row.owner, row.description


def _metric_types(registry: Registry) -> Iterator[tuple[str, ...]]:
    for name in dict.fromkeys(one.metric_type for one in registry.families if one.metric_type):
        families = registry.families_of(name)
        uploads = [
            one.sensitivity_class.value
            for one in families
            if one.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
        ]
        yield (
            f"`{name}`",
            f"`{families[0].session_id_convention}`",
            ", ".join(one.sensitivity_class.value for one in families),
            ", ".join(uploads) or "no",
            families[0].owner_crate,
        )


def _retention(policy: dict[str, RetentionRule]) -> Iterator[tuple[str, ...]]:
    for name, rule in policy.items():
        when = _RULES.get(rule.kind, f"after {rule.days} days")
        yield f"`{name}`", when, f"`{rule.time_column}`" if rule.time_column else "none"


def _link(path: str) -> str:
    return f"[`{path.rsplit('/', 1)[-1].removesuffix('.schema.json')}`]({_TO_PACKAGE}/{path})"
