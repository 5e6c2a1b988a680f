import tomllib
from collections.abc import Callable
from types import ModuleType

import pytest

from support.checkouts import ROOT

METADATA = {
    "base": ["on-windows; sys_platform == 'win32'", "before-3-12>=1; python_version < '3.12'"],
    "on-windows": ["base"],  # a circle
    "before-3-12": ["Some.Name[fast]; extra != 'x'"],
    "some-name": ["quick; extra == 'fast'", "slow; extra == 'slow'", "never; python_version < '3'"],
    "quick": [],
}


def test_what_any_supported_platform_installs_is_found(
    script: Callable[[str], ModuleType],
) -> None:
    found = script("closure").closure(["base>=1"], METADATA.__getitem__)
    assert found == {"base", "on-windows", "before-3-12", "some-name", "quick"}


def test_the_closure_of_the_sink_is_what_uv_locked(script: Callable[[str], ModuleType]) -> None:
    licences, locks = script("licences"), script("locks")
    rules = tomllib.loads(licences.RULES.read_text())
    assert licences.needed("sink", rules) == locks.pins(locks.SINK_LOCK.read_text()).keys()


def test_an_extra_brings_those_of_the_sink_and_its_own(
    script: Callable[[str], ModuleType],
) -> None:
    licences = script("licences")
    rules = tomllib.loads(licences.RULES.read_text())
    own = licences.needed("parquet", rules) - licences.needed("sink", rules)
    assert own == {"pyarrow"}
    assert licences.needed("sink", rules) < licences.needed("embedded", rules)


def test_a_package_that_is_not_here_needs_a_row(script: Callable[[str], ModuleType]) -> None:
    closure = script("closure")
    assert closure.requirements("no-such-package", {"no-such-package": ["h11"]}) == ["h11"]
    with pytest.raises(LookupError, match="no-such-package is not installed here and has no row"):
        closure.requirements("no-such-package", {})


def test_rows_for_elsewhere_agree_with_what_is_installed_here(
    script: Callable[[str], ModuleType],
) -> None:
    closure, licences = script("closure"), script("licences")
    rules = tomllib.loads((ROOT / "deploy" / "release" / "licences.toml").read_text())
    here = [name for name in rules["elsewhere"] if licences.is_installed(name)]
    assert here
    for name in here:
        row = rules["elsewhere"][name]
        assert row.get("licence") in {licences.judge(name, rules)[0], None}, name
        named = closure.closure(row.get("requires", []), lambda _: [])
        assert named == closure.closure(closure.requirements(name, {}), lambda _: []), name
