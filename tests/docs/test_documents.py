"""The documents of this checkout: what the guards find, what links lead to, what tables say."""

import re
from pathlib import Path

import pytest

from support.checkouts import REAL, ROOT
from vox_telemetry_client import errors
from vox_telemetry_spec.guards import command_compliance, data_ssot
from vox_telemetry_spec.guards.changelog import Changes
from vox_telemetry_spec.guards.commands import Description
from vox_telemetry_spec.guards.programs import describe_programs

PAGES = [Path("README.md"), *(path.relative_to(ROOT) for path in ROOT.glob("docs/**/*.md"))]
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


@pytest.fixture(scope="module")
def programs() -> Description:
    return describe_programs(ROOT)


def test_contracts_documents_and_code_say_the_same() -> None:
    # The changelog needs git's history, which a source archive has not: `make check` asks that.
    assert data_ssot.findings(REAL, Changes("", [], "")) == []


def test_registry_openapi_and_help_are_the_programs(programs: Description) -> None:
    assert command_compliance.findings(REAL, programs) == []


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in _LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        if "://" in target:
            continue
        found = (ROOT / page).parent / target if target else ROOT / page
        assert found.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(found.read_text(encoding="utf-8"))


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    listed = {target for target, _ in _LINK.findall(index)}
    for page in PAGES:
        name = page.relative_to("docs").as_posix() if page.parts[0] == "docs" else None
        if name is not None and not name.startswith("decisions/") and name != "README.md":
            assert name in listed


def test_trust_comes_first() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    ranks = re.findall(r"^(\d)\. \[?([a-z./-]+)", index, re.MULTILINE)
    assert ranks[0] == ("1", "trust.md")
    assert index.index("trust.md") < index.index("telemetry-remote-sink-spec.md")


def test_the_readmes_exit_codes_are_the_clients(programs: Description) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| exit code |") :]
    shown = [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)]
    assert shown == [
        errors.EXIT_DONE,
        errors.EXIT_KEPT_OR_REFUSED,
        errors.EXIT_USAGE,
        errors.EXIT_NOT_CONFIGURED,
    ]
    client = programs.programs[0]
    assert set(shown) <= set(client.exit_codes.values())


def test_the_changelog_has_a_telemetry_section() -> None:
    assert re.search(r"^## \[Unreleased\]$", REAL.text("CHANGELOG.md"), re.MULTILINE)
    assert "### Telemetry" in REAL.text("CHANGELOG.md")
