"""Build wheel and source archive twice from one commit, and keep them when the bytes are the same.

The two builds lie in folders of other names, with files of other times and modes: none of that may
show. What is built is the commit; what is not committed is not in it.
"""

import argparse
import io
import os
import stat
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from locks import ROOT
from sums import sums

_OTHER_TIME_S = 1_000_000_000


def export(revision: str, to: Path) -> None:
    """Lay the files of a commit into a folder."""
    command = ["git", "archive", "--format=tar", revision]
    tree = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(tree)) as archive:
        archive.extractall(to, filter="data")


def disturb(tree: Path) -> None:
    """Give every file another time and another mode; what is a program stays one, as in git."""
    for path in tree.rglob("*"):
        if path.is_file():
            path.chmod(0o700 if path.stat().st_mode & stat.S_IXUSR else 0o600)
            os.utime(path, (_OTHER_TIME_S, _OTHER_TIME_S))


def build(tree: Path, out: Path, epoch_s: int) -> None:
    """Build both archives of a tree as of a time, by the environment that runs this."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    settings = os.environ | {"SOURCE_DATE_EPOCH": str(epoch_s)}
    subprocess.run(command, cwd=tree, env=settings, check=True, capture_output=True)


def commit(revision: str) -> tuple[str, int]:
    """Return the full id of a commit, and its time in seconds."""
    command = ["git", "show", "--no-patch", "--format=%H %ct", f"{revision}^{{commit}}"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    name, epoch = said.split()
    return name, int(epoch)


def build_twice(revision: str, epoch_s: int, work: Path) -> tuple[Path, Path]:
    """Return the folders of two builds of one commit."""
    outs = work / "one", work / "other"
    for number, out in enumerate(outs):
        tree = work / f"tree{number}" / ("deep/" * number)
        tree.mkdir(parents=True)
        export(revision, tree)
        if number:
            disturb(tree)
        build(tree, out, epoch_s)
    return outs


def main() -> int:
    """Build HEAD or another commit; exit 1 when two builds differ."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--revision", default="HEAD")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    wanted = parser.parse_args()
    name, epoch_s = commit(wanted.revision)
    with TemporaryDirectory() as work:
        one, other = build_twice(name, epoch_s, Path(work))
        found = sums(one)
        if found != sums(other):
            sys.stderr.write(f"wheel: two builds of {name} differ:\n{found}{sums(other)}")
            return 1
        wanted.out.mkdir(exist_ok=True)
        for path in one.iterdir():
            (wanted.out / path.name).write_bytes(path.read_bytes())
    sys.stdout.write(f"wheel: two builds of {name} are the same, byte for byte\n{found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
