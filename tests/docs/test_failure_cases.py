"""failure-cases.md names all cases, and tests that are there."""

import ast
import re

import pytest

from support.checkouts import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "failure-cases.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d", line)
]
NAMED = re.compile(r"`([a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")


def test_all_63_cases_are_there() -> None:
    numbers = [*map(str, range(1, 17)), "16b", *map(str, range(17, 63))]
    assert [row[0] for row in ROWS] == numbers
    assert len(numbers) == 63


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_named_test_exists(row: list[str]) -> None:
    _, happens, becomes, tests, not_covered = row
    assert happens
    assert becomes
    assert NAMED.findall(tests) or not_covered.startswith("not covered")
    assert NAMED.sub("", tests).replace("<br>", "").strip() == ""  # nothing else passes for a test
    for path, name in NAMED.findall(tests):
        tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        assert name in {node.name for node in tree.body if isinstance(node, functions)}, path


def test_a_test_that_is_named_after_a_case_stands_in_its_row() -> None:
    rows = {number: {name for _, name in NAMED.findall(tests)} for number, *_, tests, _ in ROWS}
    cases = {
        name: match.group(1)
        for names in rows.values()
        for name in names
        if (match := re.match(r"test_case_(\d+b?)_", name))
    }
    assert len(cases) > 35
    assert [name for name, number in cases.items() if name not in rows[number]] == []
