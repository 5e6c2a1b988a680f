import re

import pytest

from support.events import REPOSITORY
from vox_telemetry_spec import registry as registry_module
from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RegistryError
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.taxonomy import SensitivityClass, TransmissionClass

INDEX = read_contract("contracts/index.yaml")
PACKAGE = REPOSITORY / "spec" / "vox_telemetry_spec"


def test_the_benchmark_family_is_declared_as_the_trust_document_says() -> None:
    family = Registry.load().family_of("benchmark_event")
    assert family is not None
    assert family.session_id_convention == "bench:<repository_id>"
    assert family.sensitivity_class is SensitivityClass.S0
    assert family.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
    assert Registry.load().family_of("workflow_event") is None
    assert Registry.load().family_of("Benchmark_Event") is None


def test_every_row_names_files_that_exist() -> None:
    rows = Registry.load().contracts
    assert rows
    for row in rows:
        assert read_contract(row.path)
        assert row.enforced_by
        for test in row.enforced_by:
            assert (REPOSITORY / test).is_file(), test


def test_ids_are_unique_and_plain() -> None:
    ids = [row.id for row in Registry.load().contracts]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]*", one) for one in ids)


def test_every_schema_that_ships_has_a_row() -> None:
    shipped = {
        path.relative_to(PACKAGE).as_posix()
        for path in (PACKAGE / "contracts" / "telemetry").glob("*.json")
    }
    assert shipped <= {row.path for row in Registry.load().contracts}


def test_no_family_that_may_be_uploaded_holds_content() -> None:
    uploadable = [
        family
        for family in Registry.load().families
        if family.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
    ]
    assert uploadable
    assert all(family.sensitivity_class < SensitivityClass.S3 for family in uploadable)
    assert all(family.schema_ref for family in uploadable)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"[]",
        b"a: [",
        b"\xff\xfe",
        INDEX.replace(b"schema_version: 1", b"schema_version: one"),
        INDEX.replace(b"sensitivity_class: S0", b"sensitivity_class: S4"),
        INDEX.replace(b"owner_crate: vox-cli", b"owner_crate: vox-cli\n    surprise: 1"),
        INDEX.replace(b"    owner: vox-telemetry\n", b"", 1),
    ],
)
def test_a_damaged_registry_is_refused(damaged: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "read_contract", lambda _: damaged)
    with pytest.raises(RegistryError, match=r"index\.yaml is damaged, reinstall vox-telemetry"):
        Registry.load()


def test_a_metric_type_or_an_id_that_is_declared_twice_is_refused() -> None:
    registry = Registry.load()
    with pytest.raises(RegistryError, match="declares a metric type twice"):
        Registry([], [*registry.families, registry.families[0]])
    with pytest.raises(RegistryError, match="declares a contract id twice"):
        Registry([*registry.contracts, registry.contracts[0]], [])
