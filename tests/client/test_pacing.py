import pytest

from vox_telemetry_client.pacing import TokenBucket


def test_a_burst_of_thirty_then_ten_a_second() -> None:
    bucket = TokenBucket()
    assert [bucket.take(100.0) for _ in range(30)] == [0.0] * 30
    assert bucket.take(100.0) == pytest.approx(0.1)
    assert bucket.take(100.0) == pytest.approx(0.2)


def test_time_refills_up_to_the_burst() -> None:
    bucket = TokenBucket(rate_per_s=1.0, burst=2)
    assert [bucket.take(0.0), bucket.take(0.0)] == [0.0, 0.0]
    assert bucket.take(1.0) == 0.0
    assert [bucket.take(1_000.0), bucket.take(1_000.0)] == [0.0, 0.0]
    assert bucket.take(1_000.0) == pytest.approx(1.0)


def test_a_clock_set_back_refills_nothing_and_breaks_nothing() -> None:
    bucket = TokenBucket(rate_per_s=1.0, burst=1)
    assert bucket.take(1_000.0) == 0.0
    assert bucket.take(10.0) == pytest.approx(1.0)
