from datetime import timedelta

import pytest

from support.client_world import NOW
from vox_telemetry_client.allowance import Allowance, RunLimits
from vox_telemetry_client.errors import RunLimitError


def test_without_limits_everything_is_allowed() -> None:
    allowance = Allowance(RunLimits())
    allowance.begin(NOW)
    for _ in range(100):
        allowance.batch()
        allowance.request(1_000_000, NOW + timedelta(days=1))
    allowance.pause(1e9, NOW)


def test_the_last_batch_is_allowed_and_the_next_is_not() -> None:
    allowance = Allowance(RunLimits(max_batches=1))
    allowance.batch()
    with pytest.raises(RunLimitError, match="the limit of 1 batch for this run is reached"):
        allowance.batch()


def test_the_last_byte_is_allowed_and_the_next_is_not() -> None:
    allowance = Allowance(RunLimits(max_bytes=10))
    allowance.request(6, NOW)
    allowance.request(4, NOW)
    with pytest.raises(RunLimitError, match="10 were sent and the next batch has 1"):
        allowance.request(1, NOW)


def test_no_request_begins_and_no_pause_ends_after_the_last_second() -> None:
    allowance = Allowance(RunLimits(max_seconds=60))
    allowance.begin(NOW)
    allowance.request(1, NOW + timedelta(seconds=59))
    allowance.pause(0.5, NOW + timedelta(seconds=59))
    with pytest.raises(RunLimitError, match="the limit of 60 seconds"):
        allowance.pause(1.0, NOW + timedelta(seconds=59))
    with pytest.raises(RunLimitError, match="the limit of 60 seconds"):
        allowance.request(1, NOW + timedelta(seconds=60))
