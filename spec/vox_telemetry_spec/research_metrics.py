"""The row rules of the original's `research_metrics` table, as one pure function.

The order of the checks, the limits (UTF-8 bytes, although the original calls them characters) and
the wording's prefix are the original's. Two things differ on purpose: a `model_route_event` is
judged by the names that its metadata parses to, not by substrings, and metadata that must be parsed
must be strict JSON. An unknown metric type is no error here: the table takes any.
"""

import re

from vox_telemetry_spec.errors import JsonRefusedError, RowRefusedError
from vox_telemetry_spec.limits import (
    METADATA_MAX_BYTES,
    METRIC_TYPE_MAX_BYTES,
    SESSION_ID_MAX_BYTES,
)
from vox_telemetry_spec.research_trial import check_trial_row, is_trial_type
from vox_telemetry_spec.strict_json import JsonObject, decode

METRIC_TYPE = re.compile(r"[A-Za-z0-9_.:-]+")
_MODEL_ROUTE_NAMES = ("trace_id", "route_policy_profile")


def check_row(session_id: str, metric_type: str, metadata_json: str | None) -> None:
    """Accept one row of `research_metrics`, or say which rule it breaks first.

    `metadata_json` is the text as it will be stored; None means that the row has none.

    Raises:
        RowRefusedError: the first rule that is broken, without the value.

    """
    _check_size("session_id", session_id, SESSION_ID_MAX_BYTES)
    _check_size("metric_type", metric_type, METRIC_TYPE_MAX_BYTES)
    if not METRIC_TYPE.fullmatch(metric_type):
        raise RowRefusedError(
            "metric_type has a character that is not allowed, expected ASCII letters, digits "
            "and '_', '.', '-', ':'"
        )
    if metadata_json is not None:
        size = _utf8_bytes("metadata_json", metadata_json)
        if size > METADATA_MAX_BYTES:
            raise _too_large("metadata_json", size, METADATA_MAX_BYTES)
    if metric_type == "model_route_event" and metadata_json is not None:
        _check_model_route(metadata_json)
    if is_trial_type(metric_type):
        check_trial_row(session_id, metric_type, _parsed(metric_type, metadata_json))


def _check_size(field: str, text: str, allowed_bytes: int) -> None:
    if not isinstance(text, str):  # a program may be untyped, and telemetry must not trip it up
        raise RowRefusedError(f"{field} is {type(text).__name__}, expected text")
    if not text:
        raise RowRefusedError(f"{field} is empty, expected it to be non-empty")
    size = _utf8_bytes(field, text)
    if size > allowed_bytes:
        raise _too_large(field, size, allowed_bytes)


def _utf8_bytes(field: str, text: str) -> int:
    try:
        return len(text.encode("utf-8"))
    except UnicodeEncodeError as exc:
        raise RowRefusedError(f"{field} holds a lone surrogate, expected UTF-8 text") from exc


def _too_large(field: str, size: int, allowed_bytes: int) -> RowRefusedError:
    return RowRefusedError(f"{field} is {size} bytes, expected at most {allowed_bytes}")


def _check_model_route(metadata_json: str) -> None:
    metadata = _parsed("model_route_event", metadata_json)
    missing = [name for name in _MODEL_ROUTE_NAMES if name not in metadata]
    if missing:
        raise RowRefusedError(
            f"model_route_event metadata lacks {' and '.join(missing)}, expected both of "
            f"{' and '.join(_MODEL_ROUTE_NAMES)} at the top"
        )


def _parsed(metric_type: str, metadata_json: str | None) -> JsonObject:
    if metadata_json is None:
        raise RowRefusedError(f"{metric_type} has no metadata_json, expected a JSON object")
    try:
        metadata = decode(metadata_json.encode("utf-8"))
    except JsonRefusedError as exc:
        raise RowRefusedError(
            f"{metric_type} metadata_json breaks {exc.rule}, expected one strict JSON object"
        ) from exc
    if not isinstance(metadata, dict):
        raise RowRefusedError(f"{metric_type} metadata_json is no object, expected a JSON object")
    return metadata
