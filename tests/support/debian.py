"""Programs of Debian packages that tests run: of the system, or unpacked by system-packages.sh."""

import os
import shutil
import sys
from pathlib import Path

UNPACKED = Path(sys.prefix) / "debian"
_FOLDERS = ("usr/sbin", "usr/bin")


def program(name: str) -> str:
    """Give the path of a program.

    Raises:
        AssertionError: it is not there; a test that needs it fails, since nothing is skipped.
    """
    places = [os.environ["PATH"], *(f"/{one}" for one in _FOLDERS)]
    places += [str(UNPACKED / one) for one in _FOLDERS]
    found = shutil.which(name, path=os.pathsep.join(places))
    assert found is not None, f"{name} is missing: run sh tests/system-packages.sh"
    return found
