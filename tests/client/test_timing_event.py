"""What is taken for a timing, `enqueue` takes: the two are compared by made-up values."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vox_telemetry_client.timing_event import benchmark_row, in_unit
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.errors import RowRefusedError
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.times import format_time

CONTRACTS = Contracts(Registry.load())
TEXTS = st.text("aZ0_.:+- /é", max_size=5) | st.sampled_from(["a" * 128, "a" * 129])
DETAILS = st.dictionaries(
    st.sampled_from(["a", "_a", "A", "a" * 64, "a" * 65, "9"]) | st.text("az_0", max_size=3),
    st.integers(-9, 9) | st.booleans() | TEXTS,
    max_size=3,
)


@settings(deadline=None)
@given(name=TEXTS, repository=TEXTS, details=DETAILS)
def test_what_is_made_is_what_the_contract_admits_and_nothing_else_is_refused(
    name: str, repository: str, details: dict[str, object]
) -> None:
    event = {
        "metric_type": "benchmark_event",
        "session_id": f"bench:{repository}",
        "recorded_at": format_time(datetime.now(UTC)),
        "metric_value": 1.5,
        "metadata": {
            "name": name,
            "repository_id": repository,
            "metric_value_unit": "seconds",
            "details": details,
        },
    }
    try:
        row = benchmark_row(name, repository, 1.5, "seconds", details)  # type: ignore[arg-type]
    except RowRefusedError:
        assert CONTRACTS.family_of(event) is None
    else:
        made = event | {"session_id": row.session_id, "metadata": row.metadata}
        assert CONTRACTS.family_of(made) is not None
        assert CONTRACTS.family_of(event) is not None


def test_thirty_two_details_are_the_most() -> None:
    benchmark_row("x", "r", None, "seconds", {f"m{at}": 1 for at in range(32)})
    with pytest.raises(RowRefusedError, match="33 members, expected at most 32"):
        benchmark_row("x", "r", None, "seconds", {f"m{at}": 1 for at in range(33)})


def test_without_details_there_is_no_member() -> None:
    assert "details" not in benchmark_row("x", "r", 1.0, "seconds", {}).metadata


def test_a_unit_of_something_else_is_refused() -> None:
    with pytest.raises(RowRefusedError, match="the unit is none of time"):
        in_unit(1, "bytes")
