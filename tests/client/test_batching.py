from vox_telemetry_client.batching import fill


def test_batches_are_filled_in_order() -> None:
    assert list(fill([1, 2, 3, 4, 5], max_events=2, max_bytes=100)) == [[1, 2], [3, 4], [5]]


def test_bytes_count_with_their_commas() -> None:
    # "aaaa" is six bytes of JSON and a comma: fourteen for two.
    assert list(fill(["aaaa", "bbbb", "cccc"], max_events=9, max_bytes=14)) == [
        ["aaaa", "bbbb"],
        ["cccc"],
    ]
    assert list(fill(["aaaa", "bbbb"], max_events=9, max_bytes=13)) == [["aaaa"], ["bbbb"]]


def test_bytes_are_those_of_utf8() -> None:
    assert len(list(fill(["éééé", "éééé"], max_events=9, max_bytes=14))) == 2


def test_no_events_make_no_batch() -> None:
    assert list(fill([], max_events=2, max_bytes=100)) == []


def test_an_event_that_is_too_long_comes_alone() -> None:
    assert list(fill([1, "x" * 50, 2], max_events=9, max_bytes=20)) == [[1], ["x" * 50], [2]]
