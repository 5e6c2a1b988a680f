"""Read what a lock file pins."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "deploy" / "requirements.lock"
_PIN = re.compile(r"^([a-z0-9-]+)==([^\s;]+)(?: ; ([^\\]+?))? \\$", re.MULTILINE)
_BEGUN = re.compile(r"^(?![\s#])\S", re.MULTILINE)


class Pin(NamedTuple):
    """One version, and the marker that says where it is installed; "" is everywhere."""

    version: str
    marker: str


def pins(text: str) -> dict[str, Pin]:
    """Return the pins of a lock file by the normalised name of their package.

    Raises:
        ValueError: a line is no pin with hashes, or pins a name again.

    """
    found = {name: Pin(version, marker or "") for name, version, marker in _PIN.findall(text)}
    lines = len(_BEGUN.findall(text))
    if len(found) != lines:
        raise ValueError(
            f"{lines} requirements in the lock file, and {len(found)} names that are pinned with "
            "hashes, expected as many: run make lock"
        )
    return found
