"""Write the sums of everything in a folder, in the form that `sha256sum --check` reads."""

import argparse
import hashlib
import sys
from pathlib import Path

from locks import ROOT

SUMS = "SHA256SUMS"


def sums(folder: Path) -> str:
    """Return a line for each file, but for the sums themselves and their signature."""
    named = sorted(path for path in folder.iterdir() if not path.name.startswith(SUMS))
    return "".join(f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in named)


def main() -> int:
    """Write SHA256SUMS into a folder and print it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist")
    folder = parser.parse_args().folder
    text = sums(folder)
    (folder / SUMS).write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
