"""The texts of a working tree, read once; every guard is a function of them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from vox_telemetry_spec.guards.errors import GuardError

PACKAGE = "spec/vox_telemetry_spec"
CONTRACTS = f"{PACKAGE}/contracts"
INDEX = f"{CONTRACTS}/index.yaml"
# What the guards read; anything else in a checkout is none of their business.
_READ = (
    "*.md",
    "docs/**/*.md",
    "docs/reference/openapi.json",
    "spec/*.md",
    f"{CONTRACTS}/**/*",
    f"{PACKAGE}/**/*.py",
    "client/**/*.py",
    "sink/**/*.py",
    "sink/**/*.sql",
    "tests/**/test_*.py",
)


class Checkout:
    """The files that the guards read, by their path from the root with forward slashes."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Hold the bytes of each file."""
        self._files = dict(files)

    @classmethod
    def read(cls, root: Path) -> "Checkout":
        """Read the working tree at `root`, as it lies there, committed or not."""
        found = {path for pattern in _READ for path in root.glob(pattern) if path.is_file()}
        return cls({path.relative_to(root).as_posix(): path.read_bytes() for path in found})

    def replace(self, path: str, content: bytes | None) -> "Checkout":
        """Return the same checkout with one file changed, added, or (None) gone."""
        files = {name: raw for name, raw in self._files.items() if name != path}
        return Checkout(files if content is None else {**files, path: content})

    def raw(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            GuardError: it is not there.

        """
        try:
            return self._files[path]
        except KeyError as exc:
            raise GuardError(f"{path} is missing, expected it in the checkout") from exc

    def text(self, path: str) -> str:
        """Return a file as UTF-8 text.

        Raises:
            GuardError: it is not there, or no UTF-8.

        """
        try:
            return self.raw(path).decode("utf-8")
        except UnicodeDecodeError as exc:
            raise GuardError(f"{path} is not UTF-8, expected text") from exc

    def contract(self, path: str) -> bytes:
        """Return a contract file by its path in the registry (`contracts/…`).

        Raises:
            GuardError: it is not there.

        """
        return self.raw(f"{PACKAGE}/{path}")

    def paths(self, prefix: str, suffix: str = "") -> Iterator[str]:
        """Yield the paths that begin and end so, in order."""
        yield from sorted(p for p in self._files if p.startswith(prefix) and p.endswith(suffix))


def find_root(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, that holds the registry.

    Raises:
        GuardError: there is none: the guards read a checkout, not an installation.

    """
    for folder in (start, *start.parents):
        if (folder / INDEX).is_file():
            return folder
    raise GuardError(f"no {INDEX} at or above {start}, expected a checkout: give --root")
