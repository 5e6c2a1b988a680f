from vox_telemetry_client.limits import LISTED_MAX_BATCHES
from vox_telemetry_client.some import Some


def test_all_are_counted_and_the_smallest_kept() -> None:
    names = [f"{number:04}" for number in range(LISTED_MAX_BATCHES + 5)]
    some = Some.of(reversed(names))
    assert (some.count, some.first) == (LISTED_MAX_BATCHES + 5, names[:LISTED_MAX_BATCHES])


def test_what_comes_in_order_is_kept_as_it_comes() -> None:
    some = Some()
    for number in range(LISTED_MAX_BATCHES + 5):
        some.add(str(number))
    assert (some.count, some.first[:2]) == (LISTED_MAX_BATCHES + 5, ["0", "1"])
    assert len(some.first) == LISTED_MAX_BATCHES
