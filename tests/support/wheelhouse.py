"""The installed packages as wheels again, so that clean environments need no network.

`make setup` has installed what the lock names; a wheel is those files in an archive.
"""

import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

# Written when a package is installed, and of that installation only.
_NOT_OF_THE_WHEEL = {"INSTALLER", "REQUESTED", "direct_url.json"}


def offline(wheelhouse: Path) -> dict[str, str]:
    """Give uv's environment for installing from these wheels and from nowhere else."""
    return {
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(wheelhouse),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_CONFIG": "1",
        # These archives have other bytes than those whose hashes are in the lock.
        "UV_NO_VERIFY_HASHES": "1",
    }


def pack(names: Iterable[str], into: Path) -> None:
    """Write a wheel of each of these packages that is installed here."""
    wanted = {name.replace("-", "_") for name in names}
    for one in distributions():
        if _normal(one.name) in wanted:
            _pack(one, into)


def _pack(one: Distribution, into: Path) -> None:
    name = f"{_normal(one.name)}-{one.version}-{_tag(one)}.whl"
    with zipfile.ZipFile(into / name, "w") as archive:
        for inside, path in _files(one):
            archive.write(path, inside)


def _files(one: Distribution) -> Iterator[tuple[str, str]]:
    for file in one.files or ():
        of_wheel = file.name not in _NOT_OF_THE_WHEEL and file.suffix != ".pyc"
        # Scripts lie outside; an installer makes them again from the entry points.
        if of_wheel and ".." not in file.parts:
            yield file.as_posix(), os.fspath(file.locate())


def _tag(one: Distribution) -> str:
    lines = (one.read_text("WHEEL") or "").splitlines()
    tags = [line.removeprefix("Tag: ").split("-") for line in lines if line.startswith("Tag: ")]
    return "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))


def _normal(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")
