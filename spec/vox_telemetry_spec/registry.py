"""The registry `contracts/index.yaml`: every contract, and what each event family declares."""

from typing import Self

import msgspec
import yaml

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RegistryError
from vox_telemetry_spec.strict_yaml import load_yaml
from vox_telemetry_spec.taxonomy import Family

INDEX_PATH = "contracts/index.yaml"


class ContractRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the contract and who keeps it true."""

    id: str
    path: str
    owner: str
    kind: str
    description: str
    enforced_by: list[str]


class _Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema_version: int
    contracts: list[ContractRow]
    families: list[Family]


class Registry:
    """The registry, indexed by metric type."""

    def __init__(self, contracts: list[ContractRow], families: list[Family]) -> None:
        """Index the rows; families that share a metric type differ in sensitivity.

        Raises:
            RegistryError: two families have one name, or one metric type and one sensitivity.

        """
        self.contracts = tuple(contracts)
        self.families = tuple(families)
        _refuse_twins([family.family for family in families], "got family")
        self._by_metric_type: dict[str, tuple[Family, ...]] = {}
        for family in sorted(families, key=lambda family: family.sensitivity_class):
            if family.metric_type is not None:
                known = self._by_metric_type.get(family.metric_type, ())
                classes = [one.sensitivity_class.value for one in (*known, family)]
                _refuse_twins(classes, f"families of {family.metric_type}: got sensitivity")
                self._by_metric_type[family.metric_type] = (*known, family)

    @classmethod
    def load(cls) -> Self:
        """Return the packaged registry.

        Raises:
            RegistryError: the packaged file is not a registry; the installation is damaged.

        """
        try:
            index = msgspec.convert(load_yaml(read_contract(INDEX_PATH)), _Index)
        except (OSError, yaml.YAMLError, msgspec.ValidationError) as exc:
            raise RegistryError(f"{INDEX_PATH} is damaged, reinstall vox-telemetry: {exc}") from exc
        return cls(index.contracts, index.families)

    def families_of(self, metric_type: str) -> tuple[Family, ...]:
        """Return the families of `metric_type`, the least sensitive first; none if unregistered."""
        return self._by_metric_type.get(metric_type, ())


def _refuse_twins(names: list[str], what: str) -> None:
    twins = {name for name in names if names.count(name) > 1}
    if twins:
        raise RegistryError(f"{INDEX_PATH}: {what} twice for {sorted(twins)}, expected once")
