import pytest

from vox_telemetry_spec.data import read_contract


def test_reads_a_packaged_file() -> None:
    assert read_contract("contracts/index.yaml").startswith(b"#")


def test_a_file_that_is_not_packaged_is_missing() -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_contract("contracts/nothing.json")
