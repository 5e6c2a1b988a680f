"""docs/releasing.md: what it tells to run is there, and its signature holds."""

import re
import subprocess
from pathlib import Path

from support.checkouts import ROOT
from support.debian import program

PAGE = (ROOT / "docs" / "releasing.md").read_text(encoding="utf-8")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Telemetry"}


def command(word: str) -> str:
    """Give the one command line of the page with this word in it."""
    [line] = re.findall(rf"^ *\$ (.*{re.escape(word)}.*)$", PAGE, re.MULTILINE)
    return str(line)


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    line = line.replace("ssh-keygen", program("ssh-keygen"))
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False
    )


def test_every_target_that_the_page_names_is_one_of_make() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)`", PAGE))
    checks = {"audit", "test", "check", "bench", "soak", "failover"}
    assert {"lock", "docs", "release", *checks} <= named
    assert named <= targets


def test_every_script_of_a_release_is_run_by_make() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for script in (ROOT / "deploy" / "release").glob("*.py"):
        if '__name__ == "__main__"' in script.read_text():
            assert f"deploy/release/{script.name}" in makefile


def test_a_signature_made_as_the_page_says_verifies_as_it_says(tmp_path: Path) -> None:
    made = shell("ssh-keygen -q -t ed25519 -N '' -C '' -f release_key", tmp_path)
    assert made.returncode == 0, made.stderr
    public = (tmp_path / "release_key.pub").read_text()
    (tmp_path / "allowed_signers").write_text(f"release@vox-telemetry {public}")
    # FIPS 180-4's own example
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "vox.whl").write_bytes(b"abc")
    (tmp_path / "SHA256SUMS").write_text(f"{abc}  vox.whl\n{abc}  another.whl\n")

    signed = shell(command("-Y sign"), tmp_path)
    assert signed.returncode == 0, signed.stderr
    verified = shell(command("-Y verify"), tmp_path)
    assert verified.returncode == 0, verified.stderr
    assert shell(command("sha256sum"), tmp_path).stdout == "vox.whl: OK\n"

    (tmp_path / "vox.whl").write_bytes(b"abd")
    assert shell(command("sha256sum"), tmp_path).returncode == 1
    (tmp_path / "SHA256SUMS").write_text(f"{abc[::-1]}  vox.whl\n")
    assert shell(command("-Y verify"), tmp_path).returncode != 0


def test_the_changelog_keeps_to_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    for head in heads[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", head), head
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= KINDS


def test_the_newest_section_of_the_changelog_says_what_may_leave() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    newest = next(section for section in sections if "\n### " in section)
    _, found, telemetry = newest.partition("\n### Telemetry\n")
    assert found
    assert re.search(r"^- \S", telemetry.partition("\n### ")[0], re.MULTILINE)
