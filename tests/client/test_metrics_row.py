import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vox_telemetry_client.metrics_row import Row, event_of, stored_metadata, stored_value
from vox_telemetry_spec.errors import RowRefusedError

SURROGATES = ("Cs",)
TEXTS = st.text(st.characters(exclude_categories=SURROGATES, exclude_characters="\0"))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def row(**changes: Any) -> Row:
    members: dict[str, Any] = {
        "id": 7,
        "session_id": "bench:demo",
        "metric_type": "benchmark_event",
        "metric_value": 1.5,
        "metadata_json": '{"name":"x"}',
        "created_at": "2026-11-22 12:00:00",
    }
    return Row(**(members | changes))


@pytest.mark.parametrize(
    ("created_at", "recorded_at"),
    [
        ("2026-11-22 12:00:00", "2026-11-22T12:00:00.000Z"),
        ("2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000Z"),
        ("2026-11-22T12:00:00.123456Z", "2026-11-22T12:00:00.123Z"),
        ("2026-11-22T13:30:00+01:30", "2026-11-22T12:00:00.000Z"),
    ],
)
def test_both_spellings_of_a_time_become_one(created_at: str, recorded_at: str) -> None:
    read = event_of(row(created_at=created_at))
    assert (read.line, read.fault) == (7, None)
    assert read.value == {
        "metric_type": "benchmark_event",
        "session_id": "bench:demo",
        "recorded_at": recorded_at,
        "metric_value": 1.5,
        "metadata": {"name": "x"},
    }


def test_null_stays_null_and_no_metadata_is_an_empty_object() -> None:
    read = event_of(row(metric_value=None, metadata_json=None))
    assert isinstance(read.value, dict)
    assert (read.value["metric_value"], read.value["metadata"]) == (None, {})


@pytest.mark.parametrize(
    ("changes", "pointer", "rule"),
    [
        ({"session_id": b"x"}, "/session_id", "contract.type"),
        ({"metric_type": 5}, "/metric_type", "contract.type"),
        ({"session_id": "\udcff"}, "/session_id", "json.encoding"),
        ({"created_at": "yesterday"}, "/recorded_at", "time.invalid"),
        ({"created_at": "2026-02-30 12:00:00"}, "/recorded_at", "time.invalid"),
        ({"created_at": "now"}, "/recorded_at", "time.invalid"),
        ({"created_at": 1_763_000_000}, "/recorded_at", "contract.type"),
        ({"metric_value": "much"}, "/metric_value", "contract.type"),
        ({"metric_value": math.inf}, "/metric_value", "json.not-finite"),
        ({"metadata_json": "free text"}, "/metadata", "json.syntax"),
        ({"metadata_json": '{"a":{"b":1,"b":2}}'}, "/metadata/a/b", "json.duplicate-name"),
        ({"metadata_json": '{"a":NaN}'}, "/metadata/a", "json.not-finite"),
        ({"metadata_json": "\udcff"}, "/metadata", "json.encoding"),
    ],
)
def test_a_row_that_is_no_event_tells_where_and_why(
    changes: dict[str, Any], pointer: str, rule: str
) -> None:
    read = event_of(row(**changes))
    assert (read.value, read.line) == (None, 7)
    assert read.fault is not None
    assert (read.fault.pointer, read.fault.rule) == (pointer, rule)


@given(st.dictionaries(TEXTS, JSON, max_size=4))
def test_what_is_stored_is_the_same_json(metadata: dict[str, Any]) -> None:
    text = stored_metadata(metadata)
    assert text is not None
    assert json.loads(text) == metadata


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"a": math.nan}, "what JSON cannot carry"),
        ({"a": object()}, "what JSON cannot carry"),
        ({"a": "\ud800"}, "what JSON cannot carry"),
        ({"a": 2**63}, "breaks json.number-range"),
        ({"a": "\0"}, "breaks json.nul"),
        ({1: 1, "1": 2}, "breaks json.duplicate-name"),
        ([1], "metadata is list, expected an object"),
        ("text", "metadata is str, expected an object"),
    ],
)
def test_metadata_that_is_no_strict_json_is_refused(metadata: Any, message: str) -> None:
    with pytest.raises(RowRefusedError, match=message):
        stored_metadata(metadata)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, True, "1"])
def test_a_value_that_is_no_finite_number_is_refused(value: Any) -> None:
    with pytest.raises(RowRefusedError, match="expected a number or None"):
        stored_value(value)


def test_a_whole_number_is_stored_as_a_real_and_none_as_null() -> None:
    assert (repr(stored_value(3)), stored_value(None), stored_value(0)) == ("3.0", None, 0.0)
