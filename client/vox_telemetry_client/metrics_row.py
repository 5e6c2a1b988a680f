"""A row of `research_metrics`: from a program's values to what is stored, and on to an event. Pure.

SQLite lets a program store any type in any column and any text as metadata, so a row that another
program wrote may be no event: then its first fault stands in the event's place, without the value.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from vox_telemetry_client.reading import ReadEvent
from vox_telemetry_spec.errors import JsonRefusedError, RowRefusedError
from vox_telemetry_spec.retention import read_time
from vox_telemetry_spec.strict_json import JsonValue, decode, encode
from vox_telemetry_spec.times import format_time

Value: TypeAlias = "int | float | str | bytes | None"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: text, except `id` (an integer) and `metric_value` (a real, None for no scalar).

    `metadata_json` may be None. These are the types of our own rows; see above for others.
    """

    id: Value
    session_id: Value
    metric_type: Value
    metric_value: Value
    metadata_json: Value
    created_at: Value


def stored_value(value: float | None) -> float | None:
    """Return what is stored for a scalar; None stays None, never 0.

    Raises:
        RowRefusedError: no finite number. SQLite would store NaN as NULL, which says "no scalar".

    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowRefusedError(f"metric_value is {type(value).__name__}, expected a number or None")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise RowRefusedError("metric_value is not finite, expected a number or None")
    return number


def stored_metadata(metadata: Mapping[str, JsonValue] | None) -> str | None:
    """Return metadata as the text that is stored: one strict JSON object; None stays None.

    Raises:
        RowRefusedError: no object, or it holds what strict JSON has not.

    """
    if metadata is None:
        return None
    if not isinstance(metadata, Mapping):
        raise RowRefusedError(f"metadata is {type(metadata).__name__}, expected an object or None")
    try:
        # Not `encode`: it would write NaN as null.
        text = json.dumps(dict(metadata), ensure_ascii=False, allow_nan=False)
        return encode(decode(text.encode())).decode()
    except (TypeError, ValueError, RecursionError) as exc:
        raise RowRefusedError(
            "metadata holds what JSON cannot carry, expected text, finite numbers, booleans, None, "
            "lists and objects"
        ) from exc
    except JsonRefusedError as exc:
        raise RowRefusedError(f"metadata breaks {exc.rule}, expected strict JSON") from exc


def event_of(row: Row) -> ReadEvent:
    """Return the event that a row stands for, or its first fault; `line` is the row's id."""
    line = row.id if isinstance(row.id, int) else None
    try:
        event: JsonValue = {
            "metric_type": _text("/metric_type", row.metric_type),
            "session_id": _text("/session_id", row.session_id),
            "recorded_at": _recorded_at(row.created_at),
            "metric_value": _number(row.metric_value),
            "metadata": _metadata(row.metadata_json),
        }
    except JsonRefusedError as fault:
        return ReadEvent(None, line, fault)
    return ReadEvent(event, line)


def _text(pointer: str, value: Value) -> str:
    if not isinstance(value, str):
        raise JsonRefusedError("contract.type", pointer, "expected text")
    try:
        value.encode()
    except UnicodeEncodeError as exc:  # what is no UTF-8 in the file comes as surrogates
        raise JsonRefusedError("json.encoding", pointer, "expected UTF-8") from exc
    return value


def _recorded_at(value: Value) -> str:
    moment = read_time(_text("/recorded_at", value))
    if moment is None:
        raise JsonRefusedError(
            "time.invalid", "/recorded_at", "expected YYYY-MM-DD HH:MM:SS or RFC 3339"
        )
    return format_time(moment)


def _number(value: Value) -> float | None:
    if isinstance(value, str | bytes):
        raise JsonRefusedError("contract.type", "/metric_value", "expected a number or NULL")
    if isinstance(value, float) and not math.isfinite(value):
        raise JsonRefusedError("json.not-finite", "/metric_value", "expected a finite number")
    return value


def _metadata(value: Value) -> JsonValue:
    if value is None:
        return {}  # every contract wants an object, and says which members it needs
    try:
        return decode(_text("/metadata", value).encode())
    except JsonRefusedError as fault:
        if fault.pointer.startswith("/metadata"):
            raise
        raise JsonRefusedError(fault.rule, f"/metadata{fault.pointer}", fault.reason) from fault
