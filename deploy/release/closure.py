"""Find what an installation of this project brings along, on every platform that it supports.

The requirements of a package are read from what is installed here; of one that is not, because its
marker keeps it off this machine, from `licences.toml`.
"""

import itertools
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, requires

from locks import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "vox-telemetry"
_SYSTEMS = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix"), "win32": ("Windows", "nt")}
_PYTHONS = ("3.11", "3.12", "3.13", "3.14")  # classifiers of pyproject.toml, and the next
_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy"}
ENVIRONMENTS = [
    {
        "sys_platform": platform,
        "platform_system": system,
        "os_name": family,
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": implementation,
        "platform_python_implementation": _IMPLEMENTATIONS[implementation],
    }
    for (platform, (system, family)), python, implementation in itertools.product(
        _SYSTEMS.items(), _PYTHONS, _IMPLEMENTATIONS
    )
]


def project_requirements() -> dict[str, list[str]]:
    """Return the project's requirements: of the base installation under "", then by extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": project["dependencies"], **project["optional-dependencies"]}


def requirements(name: str, elsewhere: Mapping[str, list[str]]) -> list[str]:
    """Return what a package requires, as written in its metadata.

    Raises:
        LookupError: it is neither installed nor named in `elsewhere`.

    """
    try:
        return requires(name) or []
    except PackageNotFoundError:
        if name not in elsewhere:
            raise LookupError(
                f"{name} is not installed here and has no row in licences.toml, expected one"
            ) from None
        return elsewhere[name]


def closure(wanted: Iterable[str], required: Callable[[str], list[str]]) -> set[str]:
    """Return the names of all packages that some supported platform installs for `wanted`."""
    waiting = [(Requirement(text), "") for text in wanted]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if not _is_asked(requirement, extra):
            continue
        name = canonicalize_name(requirement.name)
        for wanted_extra in {"", *requirement.extras}:
            if (name, wanted_extra) not in seen:
                seen.add((name, wanted_extra))
                waiting += [(Requirement(text), wanted_extra) for text in required(name)]
    return {name for name, _ in seen}


def _is_asked(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return marker is None or any(
        marker.evaluate({**environment, "extra": extra}) for environment in ENVIRONMENTS
    )
