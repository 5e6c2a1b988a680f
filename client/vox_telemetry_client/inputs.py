"""What the operator named, to the files that are read: files, patterns and folders.

A folder gives its `*.json`, `*.jsonl` and `*.ndjson`, also from folders below; a pattern (`*`, `?`,
`[…]`, `**` for any depth) the files that it matches. Both come sorted, take no hidden file, follow
no symbolic link, and say what they left out. A file that is named by itself is taken as it is.
"""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from glob import has_magic
from pathlib import Path

from vox_telemetry_client.counting import counted
from vox_telemetry_client.errors import InputRefusedError, os_words
from vox_telemetry_client.reading import STANDARD_INPUT

SUFFIXES = (".json", ".jsonl", ".ndjson")


@dataclass
class Inputs:
    """The names to read, in order; `left_out` counts by reason what patterns and folders hold."""

    names: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    searched: bool = False  # whether a pattern or a folder was among what was named

    @property
    def are_several(self) -> bool:
        """Whether a place has to be told with its file."""
        return self.searched or len(self.names) > 1

    def members(self) -> dict[str, object]:
        """Return the member that is added to a document where something was searched."""
        if not self.searched:
            return {}
        return {"files": {"taken": len(self.names), "left_out": dict(self.left_out)}}

    def tell(self, note: Callable[[str], None]) -> None:
        """Say what was taken and left out where something was searched."""
        if self.searched:
            reasons = [f"{count} {reason}" for reason, count in sorted(self.left_out.items())]
            took = counted(len(self.names), "file", "files")
            note(f"took {took}; left out: {', '.join(reasons) or 'none'}")


def find_inputs(named: Sequence[str]) -> Inputs:
    """Return the files to read; one that is named twice is read once.

    Raises:
        InputRefusedError: a pattern or folder without a file, or one that cannot be searched.

    """
    found = Inputs()
    taken: set[str] = set()
    for name in named:
        for path in _searched(name, found):
            place = path if path == STANDARD_INPUT else os.path.realpath(path)
            if place in taken:
                found.left_out["named twice"] += 1
                continue
            taken.add(place)
            found.names.append(path)
    # Also without a search: an operator who names a file twice has to know.
    found.searched |= bool(found.left_out)
    return found


def _searched(name: str, found: Inputs) -> list[str]:
    path = Path(name)
    if name != STANDARD_INPUT and path.is_dir():
        expected = "*.json, *.jsonl or *.ndjson, as files with events"
        matches = _walk(path, found)
    elif name != STANDARD_INPUT and has_magic(name) and not os.path.lexists(name):
        expected = "at least one file with events"
        matches = _matches(path)
    else:
        return [name]
    found.searched = True
    paths = sorted(path for path in matches if _is_taken(path, found))
    if not paths:
        raise InputRefusedError(f"{name}: no file was found there, expected {expected}")
    return list(map(str, paths))


def _walk(folder: Path, found: Inputs) -> Iterator[Path]:
    """Yield the files of a folder and of those below, less what its name rules out."""

    def refuse(exc: OSError) -> None:
        raise InputRefusedError(f"{exc.filename}: cannot be searched: {os_words(exc)}") from exc

    for inner, folders, files in os.walk(folder, onerror=refuse):
        kept = [name for name in folders if not name.startswith(".")]
        links = sum(Path(inner, name).is_symlink() for name in kept)
        found.left_out += Counter({"hidden": len(folders) - len(kept), "links": links})
        folders[:] = kept  # os.walk does not enter links
        for name in files:
            if name.startswith("."):
                found.left_out["hidden"] += 1
            elif name.lower().endswith(SUFFIXES):
                yield Path(inner, name)
            else:
                found.left_out["of another kind"] += 1


def _matches(pattern: Path) -> Iterator[Path]:
    """Yield what a pattern matches, less what lies behind a link or an unspelled hidden name."""
    parts = pattern.parts
    first = next(at for at, part in enumerate(parts) if has_magic(part))
    base = Path(*parts[:first])
    spelled = set(parts[first:])
    try:
        matches = set(base.glob(str(Path(*parts[first:]))))
    except ValueError as exc:  # such as a**b
        raise InputRefusedError(f"{pattern}: is no pattern, expected ** between slashes") from exc
    for path in matches:
        below = path.relative_to(base).parts
        between = (base.joinpath(*below[:depth]) for depth in range(1, len(below)))
        hidden = any(part.startswith(".") and part not in spelled for part in below)
        if not hidden and not any(map(Path.is_symlink, between)):
            yield path


def _is_taken(path: Path, found: Inputs) -> bool:
    """Tell whether a path that was found is a file to read, and count it where it is not."""
    try:
        status = path.lstat()
    except OSError as exc:
        raise InputRefusedError(f"{path}: cannot be read: {os_words(exc)}") from exc
    if stat.S_ISREG(status.st_mode) and status.st_size:
        return True
    if stat.S_ISLNK(status.st_mode):
        found.left_out["links"] += 1
    elif stat.S_ISREG(status.st_mode):
        found.left_out["empty"] += 1
    else:
        found.left_out["folders" if stat.S_ISDIR(status.st_mode) else "of another kind"] += 1
    return False
