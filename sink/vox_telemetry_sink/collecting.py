"""When the garbage collector of a worker runs.

A batch is some 300 objects that are gone when it has been checked, and by counting references
alone. Python's collector starts at 700 new ones, and looks through all that stands every now and
then: the contract, the application, the modules, which never become garbage.
"""

import gc

from vox_telemetry_spec.limits import COLLECT_AFTER_ALLOCATIONS, COLLECT_OLDER_AFTER


def collect_less() -> None:
    """Take what stands now out of the collector's sight, and let it look seldom at the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_ALLOCATIONS, *COLLECT_OLDER_AFTER)
