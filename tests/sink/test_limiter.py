import pytest
from vox_telemetry_sink.limiter import Limiter


def test_a_burst_passes_and_then_the_rate_counts():
    limiter = Limiter(rate_per_s=10, burst=30)
    assert [limiter.take("k", now_s=0.0).allowed for _ in range(31)] == [True] * 30 + [False]
    assert limiter.take("k", now_s=0.05).allowed is False
    assert limiter.take("k", now_s=0.1).allowed is True
    assert limiter.take("k", now_s=0.1).allowed is False


def test_a_refusal_costs_nothing():
    limiter = Limiter(rate_per_s=1, burst=1)
    limiter.take("k", now_s=0.0)
    for moment in (0.2, 0.4, 0.6, 0.8):
        assert not limiter.take("k", now_s=moment).allowed
    assert limiter.take("k", now_s=1.01).allowed


def test_idle_time_saves_no_more_than_the_burst():
    limiter = Limiter(rate_per_s=10, burst=2)
    limiter.take("k", now_s=0.0)
    assert [limiter.take("k", now_s=9_999.0).allowed for _ in range(3)] == [True, True, False]


def test_a_clock_that_steps_back_gives_nothing():
    limiter = Limiter(rate_per_s=1, burst=1)
    limiter.take("k", now_s=100.0)
    assert not limiter.take("k", now_s=50.0).allowed


def test_keys_do_not_share():
    limiter = Limiter(rate_per_s=1, burst=1)
    assert limiter.take("a", now_s=0.0).allowed
    assert limiter.take("b", now_s=0.0).allowed
    assert not limiter.take("a", now_s=0.0).allowed


def test_the_number_of_remembered_keys_is_bounded():
    limiter = Limiter(rate_per_s=1, burst=1)
    for number in range(5_000):
        limiter.take(str(number), now_s=0.0)
    assert len(limiter._buckets) == 4_096
    assert "4999" in limiter._buckets


@pytest.mark.parametrize(
    ("rate", "burst", "takes", "expected"),
    [
        (10, 30, 1, {"ratelimit-policy": '"key";q=30;w=3', "ratelimit": '"key";r=29;t=0'}),
        (10, 30, 31, {"ratelimit-policy": '"key";q=30;w=3', "ratelimit": '"key";r=0;t=1'}),
        (0.25, 1, 2, {"ratelimit-policy": '"key";q=1;w=4', "ratelimit": '"key";r=0;t=4'}),
    ],
)
def test_the_headers_say_what_is_left_and_how_long_to_wait(rate, burst, takes, expected):
    limiter = Limiter(rate_per_s=rate, burst=burst)
    permits = [limiter.take("k", now_s=0.0) for _ in range(takes)]
    assert permits[-1].headers == expected
