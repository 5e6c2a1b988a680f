"""Closed contracts: one compiled JSON Schema per uploadable family, and the envelope's."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import jsonschema_rs
import msgspec

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RegistryError
from vox_telemetry_spec.open_texts import without_open_patterns
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.strict_json import JsonValue
from vox_telemetry_spec.taxonomy import Family, TransmissionClass
from vox_telemetry_spec.violations import Violation, child

BATCH_SCHEMA_PATH = "contracts/telemetry/usage-batch.v1.schema.json"


class Schema:
    """One compiled schema that answers with places and keywords, never with values."""

    def __init__(self, path: str) -> None:
        """Compile the packaged schema at `path`.

        Raises:
            RegistryError: the file is missing or no valid schema; the installation is damaged.

        """
        try:
            self.document: dict[str, Any] = msgspec.json.decode(read_contract(path))
            self._validator = jsonschema_rs.validator_for(self.document, offline=True)
        except (OSError, ValueError, msgspec.DecodeError) as exc:
            raise RegistryError(f"{path} is damaged, reinstall vox-telemetry: {exc}") from exc

    def admits(self, value: JsonValue) -> bool:
        """Tell whether the value breaks no keyword of the schema."""
        return self._validator.is_valid(value)

    def admits_all(self, values: Sequence[JsonValue]) -> bool:
        """Tell whether none of the values breaks a keyword of the schema, open patterns aside.

        Those are the caller's to compare: `open_texts` gives the texts with their pattern.
        """
        return self._all_validator.is_valid(values)

    @cached_property
    def _all_validator(self) -> jsonschema_rs.Validator:
        """Compile at the first batch of a kind: most processes meet few of the kinds.

        One call for a whole batch costs half of a call for each event.
        """
        items = without_open_patterns(self.document)
        return jsonschema_rs.validator_for({"type": "array", "items": items}, offline=True)

    def violations(self, value: JsonValue, event: int | None) -> Iterator[Violation]:
        """Yield one violation per broken keyword; the rule is `contract.<keyword>`.

        An unknown member is reported at its parent: its name may be what must not be shown.
        """
        if self.admits(value):
            return
        for error in self._validator.iter_errors(value):
            pointer = ""
            for step in error.instance_path:
                pointer = child(pointer, step)
            yield Violation(event, pointer, f"contract.{_keyword(error.schema_path)}")


class Contracts:
    """The registry with every contract that an upload may need, compiled once."""

    def __init__(self, registry: Registry) -> None:
        """Compile the envelope and the contract of each uploadable family.

        Raises:
            RegistryError: an uploadable family has no contract.

        """
        self.registry = registry
        self.envelope = Schema(BATCH_SCHEMA_PATH)
        self._by_family = {
            family.family: Schema(_schema_path(family))
            for family in registry.families
            if family.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
        }

    def of(self, family: Family) -> Schema | None:
        """Return the contract of an uploadable family, else None."""
        return self._by_family.get(family.family)

    def family_of(self, event: JsonValue) -> Family | None:
        """Return the least sensitive family whose contract admits `event`, or None for none.

        Two families may share a metric type; which one an event belongs to, its members decide.
        """
        metric_type = event.get("metric_type") if isinstance(event, dict) else None
        families = self.registry.families_of(metric_type) if isinstance(metric_type, str) else ()
        for family in families:
            contract = self.of(family)
            if contract is not None and contract.admits(event):
                return family
        return None


def _schema_path(family: Family) -> str:
    if family.schema_ref is None:
        raise RegistryError(
            f"family '{family.family}' is {family.transmission_class} without a schema_ref"
        )
    return family.schema_ref


def _keyword(schema_path: list[str | int]) -> str:
    """Return the keyword that failed: the last step that is a name of JSON Schema, not an index."""
    names = [step for step in schema_path if isinstance(step, str)]
    return names[-1] if names else "schema"
