from itertools import product

import pytest

from vox_telemetry_client.batching import Filling, fill


def texts(*lengths: int) -> list[bytes]:
    return [bytes(65 + at for _ in range(length)) for at, length in enumerate(lengths)]


def cut(*lengths: int, max_events: int = 9, max_bytes: int = 100) -> list[int]:
    runs = list(fill(texts(*lengths), max_events=max_events, max_bytes=max_bytes))
    assert [event for run in runs for event in run] == texts(*lengths)
    return [len(run) for run in runs]


def test_batches_are_filled_in_order() -> None:
    assert cut(1, 1, 1, 1, 1, max_events=2) == [2, 2, 1]


def test_bytes_count_with_the_commas_between() -> None:
    assert cut(6, 6, 6, max_bytes=13) == [2, 1]
    assert cut(6, 6, max_bytes=12) == [1, 1]
    assert cut(6, max_bytes=6) == [1]


def test_no_events_make_no_batch() -> None:
    assert cut() == []
    assert Filling(1, 1).batches == 0


def test_an_event_that_is_too_long_comes_alone() -> None:
    assert cut(1, 50, 2, max_bytes=20) == [1, 1, 1]


@pytest.mark.parametrize("lengths", list(product([1, 4, 9], repeat=5)))
def test_no_other_cut_in_this_order_makes_fewer_batches(lengths: tuple[int, ...]) -> None:
    def fewest(left: tuple[int, ...]) -> int:
        sizes = [sum(left[:count]) + count - 1 for count in range(1, len(left) + 1)]
        return min(
            (1 + fewest(left[at + 1 :]) for at, size in enumerate(sizes) if size <= 11 and at < 3),
            default=0,
        )

    assert len(cut(*lengths, max_events=3, max_bytes=11)) == fewest(lengths)


def test_what_is_counted_is_what_is_filled() -> None:
    filling = Filling(3, 11)
    lengths = (4, 4, 9, 1, 1, 1, 1)
    begun = [filling.begins(length) for length in lengths]
    assert begun == [True, False, True, False, True, False, False]
    assert (filling.batches, filling.total_bytes) == (3, 9 + 11 + 5)
