import pytest

from vox_telemetry_sink.console.health_page import in_words
from vox_telemetry_sink.console.load import RecentLoad
from vox_telemetry_sink.metrics_load import Load


def load(commits: int, commits_s: float, checks: int = 0, checks_s: float = 0.0) -> Load:
    return Load(False, 1, 2, 2048, 3, 4, commits, commits_s, checks, checks_s)


def test_the_first_reading_gives_means_since_the_start() -> None:
    shown = RecentLoad().shown(load(4, 2.0, 2, 0.5), now_s=100.0)
    assert (shown.commit_s, shown.check_s, shown.over_s) == (0.5, 0.25, None)


def test_later_readings_give_means_of_what_came_between() -> None:
    recent = RecentLoad()
    recent.shown(load(100, 100.0), now_s=0.0)
    shown = recent.shown(load(110, 100.1), now_s=5.0)
    assert shown.commit_s == pytest.approx(0.01)
    assert (shown.check_s, shown.over_s) == (None, 5.0)


def test_readings_older_than_a_minute_are_forgotten() -> None:
    recent = RecentLoad()
    for second in range(0, 100, 5):
        shown = recent.shown(load(second, second * 2.0), now_s=float(second))
    assert (shown.over_s, shown.commit_s) == (60.0, 2.0)


def test_checks_alone_have_a_recent_mean() -> None:
    recent = RecentLoad()
    recent.shown(load(2, 2.0, checks=100, checks_s=100.0), now_s=0.0)
    shown = recent.shown(load(2, 2.0, checks=110, checks_s=100.1), now_s=5.0)
    assert shown.check_s == pytest.approx(0.01)
    assert (shown.commit_s, shown.over_s) == (None, 5.0)


def test_of_many_readings_in_a_second_one_is_remembered() -> None:
    recent = RecentLoad()
    for number in range(100):
        recent.shown(load(number, 1.0), now_s=number / 100)
    assert len(recent._readings) == 1


def test_nothing_counted_is_no_mean() -> None:
    assert RecentLoad().shown(load(0, 0.0), now_s=1.0).commit_s is None


def test_the_load_is_told_in_words() -> None:
    live = in_words(RecentLoad().shown(load(4, 2.0), now_s=1.0), workers=1)
    assert (live.queue_batches, live.queue_bytes, live.in_flight) == ("2", "2.0 KiB", "1")
    assert (live.pool, live.commit_time, live.check_time) == ("4 busy, 3 idle", "500.0 ms", "—")
    assert (live.whose, live.since) == ("the one worker of this sink", "since the start")


def test_whose_numbers_they_are_is_said() -> None:
    one = RecentLoad().shown(load(0, 0.0), now_s=1.0)
    assert in_words(one, workers=3).whose.startswith("this worker, one of 3")
    everyone = one._replace(load=one.load._replace(of_all=True))
    assert in_words(everyone, workers=3).whose == "all 3 workers of this sink together"
