import time
from threading import Event

from vox_telemetry_client.bounding import Bound

LIMIT_S = 0.2
WITHIN_S = 10


def test_a_block_that_takes_too_long_is_cut_once() -> None:
    cuts: list[float] = []
    cut = Event()

    def note() -> None:
        cuts.append(time.monotonic())
        cut.set()

    bound = Bound(LIMIT_S, note)
    began = time.monotonic()
    with bound:
        assert cut.wait(WITHIN_S)
    bound.close()
    assert len(cuts) == 1
    assert cuts[0] - began >= LIMIT_S


def test_a_block_that_goes_on_after_a_cut_is_cut_again() -> None:
    cuts: list[float] = []
    twice = Event()

    def note() -> None:
        cuts.append(time.monotonic())
        if len(cuts) == 2:  # the first had nothing to cut
            twice.set()

    bound = Bound(LIMIT_S, note)
    with bound:
        assert twice.wait(WITHIN_S)
    bound.close()
    assert cuts[1] - cuts[0] >= LIMIT_S


def test_a_block_that_has_ended_is_not_cut_and_the_next_one_is() -> None:
    cut = Event()
    bound = Bound(1.0, cut.set)
    for _ in range(5):
        with bound:
            pass
    assert not cut.wait(1.5)
    with bound:
        assert cut.wait(WITHIN_S)
    bound.close()


def test_one_that_was_never_used_can_be_closed() -> None:
    Bound(LIMIT_S, lambda: None).close()
