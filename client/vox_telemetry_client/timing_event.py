"""A duration as a `benchmark_event`: what the local store keeps, as the contract wants it. Pure.

What is refused here is what `usage-event-benchmark.v1` would refuse when the row is enqueued. The
forbidden-field rules are not asked: they take longer to load than most of what is timed.
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from vox_telemetry_spec.errors import RowRefusedError
from vox_telemetry_spec.strict_json import JsonValue

BENCHMARK = "benchmark_event"
TOKEN_MAX_CHARS = 128  # `token` of the contract
DETAILS_MAX_MEMBERS = 32  # `details` of the contract

Unit: TypeAlias = Literal["nanoseconds", "microseconds", "milliseconds", "seconds", "minutes"]
Detail: TypeAlias = "str | float | bool"

_UNIT_NS: dict[str, int] = {
    "nanoseconds": 1,
    "microseconds": 1_000,
    "milliseconds": 1_000_000,
    "seconds": 1_000_000_000,
    "minutes": 60_000_000_000,
}
_TOKEN = re.compile(rf"[A-Za-z0-9_.:+-]{{1,{TOKEN_MAX_CHARS}}}")
_REPOSITORY = re.compile(rf"[A-Za-z0-9_.+-]{{1,{TOKEN_MAX_CHARS}}}")  # no colon: `bench:<id>`
_DETAIL = re.compile(r"[a-z][a-z0-9_]{0,63}")


class BenchmarkRow(NamedTuple):
    """What is kept of a `benchmark_event`; `value` is in `metric_value_unit` of the metadata."""

    session_id: str
    value: float | None
    metadata: dict[str, JsonValue]


def in_unit(elapsed_ns: int, unit: str) -> float:
    """Return a duration in a unit of the contract.

    Raises:
        RowRefusedError: no unit of time.

    """
    if unit not in _UNIT_NS:
        raise RowRefusedError(f"the unit is none of time, expected one of {', '.join(_UNIT_NS)}")
    return elapsed_ns / _UNIT_NS[unit]


def benchmark_row(
    name: str,
    repository_id: str,
    value: float | None,
    unit: str,
    details: Mapping[str, Detail],
) -> BenchmarkRow:
    """Return the row of one measurement.

    Raises:
        RowRefusedError: a part that the contract does not take; the message holds no value.

    """
    _check(name, _TOKEN, "the name", f"1 to {TOKEN_MAX_CHARS} of A-Z a-z 0-9 _ . : + -")
    _check(
        repository_id,
        _REPOSITORY,
        "the repository id",
        f"1 to {TOKEN_MAX_CHARS} of A-Z a-z 0-9 _ . + -",
    )
    metadata: dict[str, JsonValue] = {
        "name": name,
        "repository_id": repository_id,
        "metric_value_unit": unit,
    }
    if details:
        metadata["details"] = _details(details)
    return BenchmarkRow(f"bench:{repository_id}", value, metadata)


def _details(details: Mapping[str, Detail]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = dict(details)
    if len(found) > DETAILS_MAX_MEMBERS:
        raise RowRefusedError(
            f"details have {len(found)} members, expected at most {DETAILS_MAX_MEMBERS}"
        )
    for name, value in found.items():
        _check(name, _DETAIL, "a name in details", "1 to 64 of a-z 0-9 _, a letter first")
        if not isinstance(value, bool | int | float):
            _check(value, _TOKEN, "a value in details", "a number, a boolean or a token")
    return found


def _check(value: object, pattern: re.Pattern[str], what: str, expected: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise RowRefusedError(f"{what} is not what may be uploaded, expected {expected}")
