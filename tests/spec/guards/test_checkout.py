from pathlib import Path

import pytest

from support.checkouts import REAL, ROOT
from vox_telemetry_spec.guards.checkout import Checkout, find_root
from vox_telemetry_spec.guards.errors import GuardError


def test_the_files_that_guards_read_are_there_by_their_path_from_the_root() -> None:
    for path in ("CHANGELOG.md", "docs/trust.md", "sink/vox_telemetry_sink/sql/schema.sql"):
        assert REAL.raw(path) == (ROOT / path).read_bytes()
    assert REAL.contract("contracts/index.yaml") == REAL.raw(
        "spec/vox_telemetry_spec/contracts/index.yaml"
    )


def test_a_file_that_is_missing_or_no_text_is_named() -> None:
    with pytest.raises(
        GuardError, match=r"^docs/none\.md is missing, expected it in the checkout$"
    ):
        REAL.text("docs/none.md")
    with pytest.raises(GuardError, match=r"^a\.md is not UTF-8, expected text$"):
        Checkout({"a.md": b"\xff"}).text("a.md")


def test_paths_come_in_order_by_prefix_and_suffix() -> None:
    files = Checkout({"b/2.py": b"", "b/1.py": b"", "b/1.md": b"", "c/1.py": b""})
    assert list(files.paths("b/", ".py")) == ["b/1.py", "b/2.py"]


def test_replacing_leaves_the_original_as_it_was() -> None:
    files = Checkout({"a": b"1"})
    assert files.replace("a", b"2").raw("a") == b"2"
    assert list(files.replace("a", None).paths("")) == []
    assert files.raw("a") == b"1"


def test_the_root_is_found_from_any_folder_below(tmp_path: Path) -> None:
    assert find_root(ROOT / "docs" / "reference") == ROOT
    with pytest.raises(GuardError, match="expected a checkout: give --root"):
        find_root(tmp_path)
