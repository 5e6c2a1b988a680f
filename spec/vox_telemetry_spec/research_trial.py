"""The content-free rows `research_trial.*`: known names, scalars, and no string that could be text.

The names are the original's allow-list. `contracts/telemetry/research-trial.v1.schema.json` says
the same for other languages; tests/spec/test_research_trial.py compares the two.
"""

import re

from vox_telemetry_spec.errors import RowRefusedError
from vox_telemetry_spec.limits import TRIAL_STRING_MAX_CHARS
from vox_telemetry_spec.strict_json import JsonObject, JsonValue

IDENTITY_NAMES = frozenset({"campaign_id", "run_id", "arm_id", "attempt_index", "replicate_id"})
NAMES_BY_TYPE = {
    "research_trial.campaign": frozenset(
        {"prereg_digest", "arm_count", "cost_cap_usd_micros", "status", "reason_code"}
    ),
    "research_trial.run": frozenset(
        {"config_hash", "query_hash", "build_version", "status", "duration_ms"}
        | {"served_from_cache", "evidence_manifest_hash", "tokens_in", "tokens_out"}
        | {"cost_usd_micros", "llm_calls", "tool_calls", "retry_of_run_id"}
    ),
    "research_trial.stage": frozenset(
        {"stage", "seq", "status", "started_at_ms", "duration_ms", "reason_code"}
    ),
    "research_trial.model_call": frozenset(
        {"stage", "requested_model_id", "resolved_model_id", "provider_id", "prompt_tokens"}
        | {"completion_tokens", "cache_read_tokens", "latency_ms", "ttft_ms", "ttft_source"}
        | {"cost_usd_micros", "cost_source", "error_class", "request_hash", "response_hash"}
    ),
    "research_trial.tool_call": frozenset(
        {"stage", "tool_id", "status", "elapsed_ms", "result_count", "response_hash"}
    ),
}

_FAMILY = "research_trial"
_STRING = re.compile(r"[A-Za-z0-9_.:+-]*")
_MODEL_ID = re.compile(r"[A-Za-z0-9_.:+/@-]*")


def is_trial_type(metric_type: str) -> bool:
    """Tell whether a metric type is a trial row's, also in another case or with '-' for '_'."""
    return metric_type.lower().replace("-", "_").startswith(_FAMILY)


def check_trial_row(session_id: str, metric_type: str, metadata: JsonObject) -> None:
    """Accept one trial row, whose metadata has been parsed, or say which rule it breaks first.

    Raises:
        RowRefusedError: the first rule that is broken, without the value.

    """
    names = NAMES_BY_TYPE.get(metric_type)
    if names is None:
        raise RowRefusedError(
            f"metric_type looks like {_FAMILY}, expected exactly one of {', '.join(NAMES_BY_TYPE)}"
        )
    _check_string("session_id", session_id, _STRING)
    if not metadata.keys() <= names | IDENTITY_NAMES:
        raise RowRefusedError(f"{metric_type} metadata has a name that is not on its list")
    for name, value in metadata.items():
        _check_value(name, value)


def _check_value(name: str, value: JsonValue) -> None:
    if isinstance(value, dict | list):
        raise RowRefusedError(f"{name} is nested, expected null, a boolean, a number or a string")
    if isinstance(value, str):
        _check_string(name, value, _MODEL_ID if name.endswith("_model_id") else _STRING)


def _check_string(name: str, text: str, allowed: re.Pattern[str]) -> None:
    if len(text) > TRIAL_STRING_MAX_CHARS:
        raise RowRefusedError(
            f"{name} is {len(text)} characters, expected at most {TRIAL_STRING_MAX_CHARS}"
        )
    if not allowed.fullmatch(text):
        raise RowRefusedError(
            f"{name} has a character that is not allowed, expected {allowed.pattern[:-1]}"
        )
