import json
from pathlib import Path

import pytest

from vox_telemetry_spec import contract_version, data
from vox_telemetry_spec.contract_version import CONTRACT_VERSION, contract_sha256

BENCHMARK = "contracts/telemetry/usage-event-benchmark.v1.schema.json"
FOLDER = Path(contract_version.__file__).parent


def digest(monkeypatch: pytest.MonkeyPatch, changed: str, text: bytes) -> str:
    """Compute the digest of the package with one file's text changed."""

    def read(path: str) -> bytes:
        return text if path == changed else data.read_contract(path)

    monkeypatch.setattr(contract_version, "read_contract", read)
    return contract_sha256.__wrapped__()


def test_the_version_is_the_wires() -> None:
    assert CONTRACT_VERSION == "vox.usage-batch.v1"
    assert len(contract_sha256()) == 64


def test_a_contract_that_admits_more_has_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = json.loads((FOLDER / BENCHMARK).read_text())
    schema["properties"]["more"] = {"type": "number"}
    assert digest(monkeypatch, BENCHMARK, json.dumps(schema).encode()) != contract_sha256()


def test_layout_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = json.loads((FOLDER / BENCHMARK).read_text())
    assert digest(monkeypatch, BENCHMARK, json.dumps(schema).encode()) == contract_sha256()


def test_a_contract_that_stays_local_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    local = "contracts/telemetry/completion-run.v1.schema.json"
    assert digest(monkeypatch, local, b"{}") == contract_sha256()
