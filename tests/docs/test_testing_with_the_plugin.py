"""The tables of testing-with-the-plugin.md are the plugin's names, and its choices."""

import inspect
import re

from support.checkouts import ROOT
from vox_telemetry_sink.testing import (
    TelemetryAssertions,
    TelemetryClient,
    TelemetrySink,
    plugin,
    servers,
)

PAGE = (ROOT / "docs" / "testing-with-the-plugin.md").read_text(encoding="utf-8")


def named(section: str) -> set[str]:
    """Give the names in the first column of a section's table."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \| ", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)(?:\([^`]*\))?`", cell)}


def public(kind: type) -> set[str]:
    """Give the public methods and properties of a class, and what its `__init__` sets."""
    set_here = re.findall(r"self\.(\w+) = ", inspect.getsource(kind.__init__))
    return {name for name in {*vars(kind), *set_here} if not name.startswith("_")}


def test_the_fixtures_are_those_of_the_page() -> None:
    source = inspect.getsource(plugin)
    fixtures = set(re.findall(r"^@pytest\.fixture.*\ndef (\w+)\(", source, re.MULTILINE))
    assert named("Fixtures") == fixtures - {"telemetry_prepared_home"}


def test_the_sinks_attributes_are_those_of_the_page() -> None:
    assert named("The sink") == public(TelemetrySink)


def test_the_machines_attributes_are_those_of_the_page() -> None:
    assert named("The operator's machine") == public(TelemetryClient)


def test_the_assertions_are_those_of_the_page() -> None:
    assert named("Assertions") == public(TelemetryAssertions)


def test_the_choices_are_those_of_the_page() -> None:
    section = PAGE.split("\n## The Postgres\n")[1].split("\n## ")[0]
    choices = re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)
    assert f"{', '.join(choices[:-1])} or {choices[-1]}" == servers.CHOICES
