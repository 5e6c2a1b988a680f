import pytest

from support.checkouts import REAL, added, edited
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.environment import DOORS, ENV_VARS, environment
from vox_telemetry_spec.guards.errors import GuardError

NEW = "client/vox_telemetry_client/new.py"
SWITCHES = "client/vox_telemetry_client/config.py"


def test_this_checkout_is_clean() -> None:
    assert list(environment(REAL)) == []


@pytest.mark.parametrize(
    ("broken", "finding"),
    [
        (
            added(NEW, 'NAME = "VOX_TELEMETRY_NEW"'),
            f"VOX_TELEMETRY_NEW is in {NEW} and not in {ENV_VARS}",
        ),
        (
            added(NEW, 'raise ValueError("set VOX_SINK_NEW to go on")'),
            f"VOX_SINK_NEW is in {NEW} and not in {ENV_VARS}",
        ),
        (
            edited(ENV_VARS, "| `DO_NOT_TRACK` |", "| `DO_NOT_ASK` |"),
            f"DO_NOT_TRACK is in {SWITCHES} and not in {ENV_VARS}",
        ),
        (
            edited(ENV_VARS, "| `DO_NOT_TRACK` |", "| `DO_NOT_ASK` |"),
            f"DO_NOT_ASK is in {ENV_VARS} and in no code",
        ),
        (
            edited(ENV_VARS, "| `VOX_SINK_PORT` |", "| `VOX_SINK_POORT` |"),
            f"VOX_SINK_POORT is in {ENV_VARS} and in no code",
        ),
        (
            added(NEW, 'NAME = f"VOX_SINK_{part}"'),
            f"{NEW} puts a variable's name together from 'VOX_SINK_', expected it whole",
        ),
        *(
            (
                added(NEW, code),
                f"{NEW} reads the environment, expected it to be given its settings",
            )
            for code in (
                "import os\nx = os.environ['HOME']",
                "import os\nx = os.getenv('HOME')",
                "from os import environ",
                "from os import path, getenv as g",
            )
        ),
        (
            added(next(iter(DOORS)), "import os\nx = os.sep"),
            (
                f"{next(iter(DOORS))} is a door to the environment and does not read it, expected no "
                "such door"
            ),
        ),
    ],
)
def test_what_is_broken_on_purpose_is_found(broken: Checkout, finding: str) -> None:
    assert finding in list(environment(broken))


def test_other_names_and_attributes_are_no_finding() -> None:
    harmless = "import other\nx = other.environ\ny = 'REVOX_THING'\nz = 'VOX'"
    assert list(environment(added(NEW, harmless))) == []


def test_code_that_cannot_be_read_is_named() -> None:
    with pytest.raises(GuardError, match=f"^{NEW} is no Python: "):
        list(environment(added(NEW, "def")))
