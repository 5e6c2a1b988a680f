from collections.abc import Callable
from types import ModuleType

import pytest

HASH = "    --hash=sha256:" + "0" * 64 + "\n"
LOCK = f"anyio==4.16.0 \\\n{HASH}colorama==0.4.6 ; sys_platform == 'win32' \\\n{HASH}"


def test_a_pin_is_a_version_and_a_marker(script: Callable[[str], ModuleType]) -> None:
    locks = script("locks")
    assert locks.pins(LOCK) == {
        "anyio": ("4.16.0", ""),
        "colorama": ("0.4.6", "sys_platform == 'win32'"),
    }


@pytest.mark.parametrize(
    "line", ["h11==0.16.0\n", "h11>=0.16 \\\n", "-e .\n", "anyio==4.17.0 \\\n"]
)
def test_a_line_that_is_no_pin_of_its_own_is_refused(
    line: str, script: Callable[[str], ModuleType]
) -> None:
    with pytest.raises(ValueError, match="3 requirements in the lock file, and 2 names"):
        script("locks").pins(LOCK + line)


def test_a_marker_is_that_of_the_sinks_lock(script: Callable[[str], ModuleType]) -> None:
    # A tool of developers needs it everywhere.
    assert script("locks").locked_pins()["tzdata"].marker == "sys_platform == 'win32'"
