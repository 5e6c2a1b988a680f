"""What is built: the same bytes each time, and everything that runs without a checkout."""

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from support.checkouts import ROOT

PACKAGES = {
    "vox_telemetry_spec": ROOT / "spec",
    "vox_telemetry_client": ROOT / "client",
    "vox_telemetry_sink": ROOT / "sink",
}
INFO = re.compile(r"vox_telemetry-[0-9.]+\.dist-info/")
AS_OF_S = 1_767_225_600  # 2026-01-01T00:00:00Z


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def committed(package: str, folder: Path) -> set[str]:
    """Name what git knows of a package, and what is new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", package]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return {line for line in said.splitlines() if (folder / line).exists()}


def test_the_wheel_is_the_three_packages_and_nothing_else(wheel: Path) -> None:
    expected = set[str]().union(*(committed(name, PACKAGES[name]) for name in PACKAGES))
    assert {name for name in names(wheel) if not INFO.match(name)} == expected


def test_the_wheel_has_sql_contracts_vectors_and_types_and_no_test(wheel: Path) -> None:
    inside = names(wheel)
    assert {
        "vox_telemetry_sink/sql/schema.sql",
        "vox_telemetry_sink/sql/queries.sql",
        "vox_telemetry_sink/sql/migrations/0001_first_tables.sql",
        "vox_telemetry_spec/contracts/index.yaml",
        "vox_telemetry_spec/contracts/telemetry/usage-batch.v1.schema.json",
        "vox_telemetry_spec/contracts/forbidden/content.v1.json",
        "vox_telemetry_spec/py.typed",
        "vox_telemetry_client/py.typed",
        "vox_telemetry_sink/py.typed",
    } <= inside
    for package, folder in PACKAGES.items():
        sql = {path.relative_to(folder).as_posix() for path in (folder / package).rglob("*.sql")}
        assert sql <= inside
    assert any(name.startswith("vox_telemetry_spec/vectors/") for name in inside)
    assert not [name for name in inside if re.search(r"(^|/)(tests?/|test_|conftest)", name)]


def test_the_wheel_has_both_programs_and_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = {Path(name).name: name for name in archive.namelist() if INFO.match(name)}
        scripts = archive.read(info["entry_points.txt"]).decode()
        metadata = archive.read(info["METADATA"]).decode()
        licence = archive.read(info["LICENSE"])
    assert scripts.splitlines() == [
        "[console_scripts]",
        "vox-telemetry = vox_telemetry_client.cli:main",
        "vox-telemetry-sink = vox_telemetry_sink:main",
        "",
        "[pytest11]",
        "vox_telemetry = vox_telemetry_sink.testing.plugin",
    ]
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    assert licence == (ROOT / "LICENSE").read_bytes()


def test_two_builds_of_a_commit_are_the_same_bytes(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    wheel, sums = script("wheel"), script("sums")
    one, other = wheel.build_twice("HEAD", AS_OF_S, tmp_path)
    found = sums.sums(one)
    assert re.findall(r"^[0-9a-f]{64}  (\S+)$", found, re.MULTILINE) == [
        "vox_telemetry-0.1.0-py3-none-any.whl",
        "vox_telemetry-0.1.0.tar.gz",
    ]
    assert found == sums.sums(other)


def test_a_build_carries_the_time_of_its_commit(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    wheel, sums = script("wheel"), script("sums")
    tree = tmp_path / "tree"
    wheel.export("HEAD", tree)
    for name, epoch_s in {"then": AS_OF_S, "later": AS_OF_S + 2}.items():
        wheel.build(tree, tmp_path / name, epoch_s)
    [archive] = (tmp_path / "then").glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        assert {one.date_time for one in opened.infolist()} == {(2026, 1, 1, 0, 0, 0)}
    assert sums.sums(tmp_path / "then") != sums.sums(tmp_path / "later")


def test_a_changed_file_changes_the_sums(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    sums = script("sums")
    (tmp_path / "b.whl").write_bytes(b"abc")
    # FIPS 180-4's own example
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sums.sums(tmp_path) == f"{abc}  b.whl\n"
    (tmp_path / "SHA256SUMS").write_text("old")
    (tmp_path / "SHA256SUMS.sig").write_text("old")
    assert sums.sums(tmp_path) == f"{abc}  b.whl\n"


def test_the_source_archive_has_the_tests_and_the_documents(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    wheel = script("wheel")
    tree = tmp_path / "tree"
    wheel.export("HEAD", tree)
    wheel.build(tree, tmp_path / "out", AS_OF_S)
    [archive] = (tmp_path / "out").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        inside = {name.partition("/")[2] for name in opened.getnames()}
    assert {"CHANGELOG.md", "docs/trust.md", "tests/conftest.py", "LICENSE"} <= inside
    assert {"Makefile", "deploy/requirements.lock"} <= inside


def test_two_builds_that_differ_are_refused(tmp_path: Path) -> None:
    code = (
        "import itertools, sys; sys.path.insert(0, 'deploy/release'); import wheel;"
        "real, times = wheel.build, itertools.count(1_700_000_000, 2);"
        "wheel.build = lambda tree, out, _: real(tree, out, next(times));"
        "sys.argv[1:] = ['--out', sys.argv[1]]; sys.exit(wheel.main())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "dist")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.match(r"wheel: two builds of [0-9a-f]{40} differ:\n", done.stderr)
    assert not (tmp_path / "dist").exists()
