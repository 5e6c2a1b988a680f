"""Write docs/reference/licences.md, or compare it: the licence of all that an installation brings.

A licence that `licences.toml` does not allow is refused, and so is one that nobody can tell.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageMetadata as Metadata
from importlib.metadata import PackageNotFoundError, distribution, files
from pathlib import Path
from typing import Any

from closure import PROJECT, closure, project_requirements, requirements
from locks import LOCK, ROOT, Pin, locked_pins
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from vox_telemetry_spec.guards.generated import render, table

PAGE = ROOT / "docs" / "reference" / "licences.md"
RULES = Path(__file__).with_name("licences.toml")
# Classifiers that name one SPDX licence; others ("BSD License") name a family.
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_LIBRARY = re.compile(r"^[^/]+\.libs/(lib[a-z0-9_+]+?)(?:-[0-9a-f]{8})?\.so")


def said(metadata: Metadata) -> str | None:
    """Return the SPDX expression that metadata gives, or None where it is not plain.

    A classifier that the text does not have is a contradiction, and so not plain.
    """
    expression = _spdx(metadata.get("License-Expression") or metadata.get("License") or "")
    classifiers = metadata.get_all("Classifier") or []
    named = {one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")}
    known = {_CLASSIFIERS[one] for one in named if one in _CLASSIFIERS}
    if expression is None:
        return known.pop() if len(named) == len(known) == 1 else None
    return expression if known <= set(re.split(r" (?:AND|OR) ", expression)) else None


def refused(name: str, expression: str, rules: Mapping[str, Any]) -> bool:
    """Tell whether no choice that the expression leaves is allowed as a whole."""
    if "(" in expression:
        return True  # none has one today; somebody is to read it
    allowed = {*rules["allowed"], rules["accepted"].get(name, {}).get("licence")}
    choices = (choice.split(" AND ") for choice in expression.split(" OR "))
    return not any(allowed.issuperset(together) for together in choices)


def judge(name: str, rules: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the licence of a package, and what is wrong with it."""
    try:
        found = said(distribution(name).metadata)
    except PackageNotFoundError:
        found = rules["elsewhere"].get(name, {}).get("licence")
    expression = rules["read"].get(name, {}).get("licence") or found
    if expression is None:
        return "unknown", [f"{name}: no plain licence in its metadata, expected a row in [read]"]
    if refused(name, expression, rules):
        return expression, [f"{name}: {expression} is not allowed by licences.toml"]
    return expression, []


def is_installed(name: str) -> bool:
    """Tell whether a package is installed here."""
    return bool(_files(name))


def bundled(paths: Iterable[str]) -> set[str]:
    """Return the shared libraries that a wheel carries in a folder of their own."""
    return {found[1] for path in paths if (found := _LIBRARY.match(path))}


def findings(
    names: Iterable[str], rules: Mapping[str, Any], locked: Mapping[str, Pin]
) -> list[str]:
    """Return what is wrong with the licences of these packages, one sentence each."""
    found = []
    for name in sorted(names):
        found += judge(name, rules)[1]
        if name not in locked:
            found.append(f"{name}: not in {LOCK.name}, expected every requirement there")
        elif (read := rules["read"].get(name)) and read["version"] != locked[name].version:
            found.append(f"{name}: read at {read['version']}, but {locked[name].version} is locked")
        carried = bundled(map(str, _files(name))) - rules["bundled"].get(name, {}).keys()
        found += [f"{name}: its wheel carries {one}, which has no row" for one in sorted(carried)]
    return found


def parts(rules: Mapping[str, Any], locked: Mapping[str, Pin]) -> dict[str, str]:
    """Return the generated tables of the page by their names."""
    base = needed("", rules)
    sink = needed("sink", rules) - base
    tables = {"": base, "sink": sink}
    tables |= {
        extra: needed(extra, rules) - base - sink
        for extra in project_requirements()
        if extra not in tables
    }
    head = ("package", "version", "licence", "only where")
    texts = {
        f"licences of {extra or 'the base'}": table(head, _rows(names, rules, locked))
        for extra, names in tables.items()
    }
    texts["licences that are allowed"] = table(("licence", "of", "why"), _allowed(rules))
    return texts | {"libraries in wheels": table(("in", "library", "licence"), _carried(rules))}


def needed(extra: str, rules: Mapping[str, Any]) -> set[str]:
    """Return the packages that an installation with one extra (or "") brings, less our own."""
    asked = project_requirements()
    elsewhere = {name: row.get("requires", []) for name, row in rules["elsewhere"].items()}

    def required(name: str) -> list[str]:
        if name != PROJECT:
            return requirements(name, elsewhere)
        marked = [_with_extra(one, other) for other in asked for one in asked[other] if other]
        return [*asked[""], *marked]

    wanted = f"{PROJECT}[{extra}]" if extra else PROJECT
    return closure([wanted], required) - {PROJECT}


def _with_extra(requirement: str, extra: str) -> str:
    text, separator, marker = requirement.partition(";")
    condition = f'extra == "{extra}"'
    return f"{text}; ({marker.strip()}) and {condition}" if separator else f"{text}; {condition}"


def _spdx(text: str) -> str | None:
    try:
        return canonicalize_license_expression(text) if text else None
    except InvalidLicenseExpression:
        return None


def _files(name: str) -> Iterable[object]:
    try:
        return files(name) or ()
    except PackageNotFoundError:
        return ()


def _rows(
    names: Iterable[str], rules: Mapping[str, Any], locked: Mapping[str, Pin]
) -> Iterator[tuple[str, ...]]:
    for name in sorted(names):
        pin = locked.get(name, Pin("not locked", ""))
        yield name, pin.version, judge(name, rules)[0], pin.marker and f"`{pin.marker}`"


def _allowed(rules: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for licence, why in rules["allowed"].items():
        yield licence, "any package", why
    for name, row in rules["accepted"].items():
        yield row["licence"], name, row["why"]


def _carried(rules: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, libraries in rules["bundled"].items():
        for library, licence in libraries.items():
            yield name, library, licence


def main() -> int:
    """Compare the page, or write it; exit 1 for a finding, each one line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="write the page's tables anew")
    wanted = parser.parse_args()
    rules = tomllib.loads(RULES.read_text(encoding="utf-8"))
    locked = locked_pins()
    before = PAGE.read_text(encoding="utf-8")
    after, missing = render(before, parts(rules, locked))
    everything = set[str]().union(*(needed(extra, rules) for extra in project_requirements()))
    found = findings(everything, rules, locked)
    found += [f"{PAGE.name} has no place for the generated part '{one}'" for one in missing]
    if wanted.write:
        PAGE.write_text(after, encoding="utf-8", newline="\n")
    elif after != before:
        found.append(f"{PAGE.name} differs from lock and metadata: run make docs")
    sys.stdout.write("".join(f"licences: {one}\n" for one in found or ["OK"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
