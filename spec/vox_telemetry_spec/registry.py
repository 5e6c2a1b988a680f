"""The registry `contracts/index.yaml`: every contract, and what each event family declares."""

from collections.abc import Hashable, Sequence
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
            RegistryError: an id, a family, or a metric type of one sensitivity is declared twice;
                which one holds is not ours to guess.

        """
        typed = [(one.metric_type, one) for one in families if one.metric_type is not None]
        _refuse_twice("contract id", [row.id for row in contracts])
        _refuse_twice("family", [one.family for one in families])
        _refuse_twice(
            "metric type of one sensitivity", [(name, one.sensitivity_class) for name, one in typed]
        )
        self.contracts = tuple(contracts)
        self.families = tuple(families)
        self._by_metric_type: dict[str, tuple[Family, ...]] = {}
        for name, one in sorted(typed, key=lambda pair: pair[1].sensitivity_class):
            self._by_metric_type[name] = (*self._by_metric_type.get(name, ()), one)

    @classmethod
    def load(cls) -> Self:
        """Return the packaged registry.

        Raises:
            RegistryError: the packaged file is no registry; the installation is damaged.

        """
        try:
            raw = read_contract(INDEX_PATH)
        except OSError as exc:
            raise RegistryError(f"{INDEX_PATH} is damaged, reinstall vox-telemetry: {exc}") from exc
        return cls.parse(raw)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the registry in the YAML text `raw`.

        Raises:
            RegistryError: no registry.

        """
        try:
            index = msgspec.convert(load_yaml(raw), _Index)
        except (yaml.YAMLError, msgspec.ValidationError) as exc:
            raise RegistryError(f"{INDEX_PATH} is damaged, reinstall vox-telemetry: {exc}") from exc
        return cls(index.contracts, index.families)

    def families_of(self, metric_type: str) -> tuple[Family, ...]:
        """Return the families of `metric_type`, the least sensitive first; none if unregistered."""
        return self._by_metric_type.get(metric_type, ())


def _refuse_twice(what: str, names: Sequence[Hashable]) -> None:
    if len(set(names)) != len(names):
        raise RegistryError(f"{INDEX_PATH} declares a {what} twice, expected each once")
