"""The registry `contracts/index.yaml`: every contract, and what each event family declares."""

from typing import Self

import msgspec
import yaml

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RegistryError
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
        """Index the rows.

        Raises:
            RegistryError: an id or a metric type is declared twice; which one holds is not ours
                to guess.

        """
        _refuse_twice("contract id", [row.id for row in contracts])
        _refuse_twice("metric type", [family.metric_type for family in families])
        self.contracts = tuple(contracts)
        self.families = tuple(families)
        self._by_metric_type = {family.metric_type: family for family in families}

    @classmethod
    def load(cls) -> Self:
        """Return the packaged registry.

        Raises:
            RegistryError: the packaged file is no registry; the installation is damaged.

        """
        try:
            index = msgspec.convert(yaml.safe_load(read_contract(INDEX_PATH)), _Index)
        except (OSError, yaml.YAMLError, msgspec.ValidationError) as exc:
            raise RegistryError(f"{INDEX_PATH} is damaged, reinstall vox-telemetry: {exc}") from exc
        return cls(index.contracts, index.families)

    def family_of(self, metric_type: str) -> Family | None:
        """Return what the family of `metric_type` declares, or None for an unregistered type."""
        return self._by_metric_type.get(metric_type)


def _refuse_twice(what: str, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise RegistryError(f"{INDEX_PATH} declares a {what} twice, expected each once")
