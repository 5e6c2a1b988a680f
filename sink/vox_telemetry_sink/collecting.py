"""When the garbage collector of a worker runs.

What a batch is made of is gone when it was checked, by counting references alone. Python's
collector starts at 700 new objects all the same, and at times goes through all that stands, the
contract, the application and the modules, while nobody is answered.
"""

import gc

from vox_telemetry_spec.limits import COLLECT_AFTER_ALLOCATIONS, COLLECT_OLDER_AFTER


def collect_less() -> None:
    """Take what stands now out of the collector's sight, and let it look seldom at the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_ALLOCATIONS, *COLLECT_OLDER_AFTER)
