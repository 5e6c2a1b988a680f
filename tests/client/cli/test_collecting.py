import gc
from collections.abc import Iterator

import pytest

from vox_telemetry_client.cli.collecting import uncollected


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    yield
    gc.enable()


def test_the_collector_is_off_inside_and_as_it_was_outside() -> None:
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), uncollected():
        assert 1 / gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()
