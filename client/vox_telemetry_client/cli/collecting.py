"""No search for cycles while events are read and checked: it took a third of the time.

Events are trees, and each goes when its run is done with it. The search would look at all of a
run's objects again and again, and at everything that the program has imported.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave the cyclic garbage collector out of the block."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
