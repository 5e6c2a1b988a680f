import subprocess
import sys

PROGRAM = """
import gc
from vox_telemetry_sink.collecting import collect_less
collect_less()
print(gc.get_threshold(), gc.get_freeze_count() > 0, gc.isenabled())
"""


def test_what_stands_is_out_of_sight_and_the_rest_is_still_collected() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout == "(20000, 20, 50) True True\n"
