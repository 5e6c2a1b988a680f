from vox_telemetry_client.failing import Failing


def test_failing_while_another_is_taken_counts() -> None:
    failing = Failing({})
    assert failing.failed("a") is False
    assert failing.probing
    failing.answered("b", taken=True)
    assert not failing.probing
    assert failing.runs() == {"a": 1}


def test_failing_while_none_is_taken_does_not_count() -> None:
    failing = Failing({"a": 2})
    assert failing.failed("a") is False
    failing.answered("b", taken=False)
    assert failing.runs() == {"a": 2}


def test_one_attempt_after_a_failure_does_not_count() -> None:
    failing = Failing({"b": 2})
    failing.answered("x", taken=True)
    assert [failing.failed("a"), failing.failed("b")] == [False, False]
    assert failing.runs() == {"b": 2, "a": 1}


def test_the_third_run_sets_aside() -> None:
    failing = Failing({"a": 2})
    failing.answered("x", taken=True)
    assert failing.failed("a") is True
    assert failing.runs() == {}


def test_three_in_a_row_are_the_sink() -> None:
    failing = Failing({})
    down = []
    for batch_id in "abc":
        failing.failed(batch_id)
        down.append(failing.sink_is_down)
    assert down == [False, False, True]


def test_a_thousand_are_remembered() -> None:
    failing = Failing({f"{number}": 1 for number in range(2_000)})
    assert len(failing.runs()) == 1_000
