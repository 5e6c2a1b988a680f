import pytest

from vox_telemetry_client.switches import off_reason


@pytest.mark.parametrize("value", ["off", "OFF", "0", "false", "False", " off ", "FALSE\n"])
def test_the_master_switch_says_off(value: str) -> None:
    reason = off_reason({"VOX_TELEMETRY": value})
    assert reason is not None
    assert reason.startswith("VOX_TELEMETRY is")


@pytest.mark.parametrize("value", ["", "1", "on", "true", "debug"])
def test_the_master_switch_says_nothing(value: str) -> None:
    assert off_reason({"VOX_TELEMETRY": value}) is None


@pytest.mark.parametrize("value", ["1", "true", "yes", "anything"])
def test_do_not_track_is_obeyed(value: str) -> None:
    reason = off_reason({"DO_NOT_TRACK": value, "VOX_TELEMETRY": "on"})
    assert reason is not None
    assert reason.startswith("DO_NOT_TRACK is set")


@pytest.mark.parametrize("value", ["", "0", "false", " FALSE "])
def test_do_not_track_that_says_no_is_no_wish(value: str) -> None:
    assert off_reason({"DO_NOT_TRACK": value}) is None


def test_nothing_set_allows() -> None:
    assert off_reason({}) is None
