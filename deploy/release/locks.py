"""Read what a lock file pins."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "deploy" / "requirements.lock"
SINK_LOCK = ROOT / "deploy" / "requirements-sink.lock"
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


def locked_pins() -> dict[str, Pin]:
    """Return the pins of both locks; where both have one, the marker is that of the sink's.

    A tool of developers may need everywhere what the sink needs on one system alone.
    """
    whole, sink = (pins(path.read_text(encoding="utf-8")) for path in (LOCK, SINK_LOCK))
    return whole | sink
