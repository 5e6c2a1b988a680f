"""Trial rows: mandatory flat metadata, known names, strings that cannot be text."""

import json
from typing import Any

import jsonschema_rs
import pytest

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RowRefusedError
from vox_telemetry_spec.research_metrics import check_row
from vox_telemetry_spec.research_trial import IDENTITY_NAMES, NAMES_BY_TYPE

SCHEMA = json.loads(read_contract("contracts/telemetry/research-trial.v1.schema.json"))
# Facts 1.5, word for word.
IDENTITY = "campaign_id, run_id, arm_id, attempt_index, replicate_id"
ORIGINAL = {
    "research_trial.campaign": "prereg_digest, arm_count, cost_cap_usd_micros, status, reason_code",
    "research_trial.run": "config_hash, query_hash, build_version, status, duration_ms, served_from_cache, evidence_manifest_hash, tokens_in, tokens_out, cost_usd_micros, llm_calls, tool_calls, retry_of_run_id",
    "research_trial.stage": "stage, seq, status, started_at_ms, duration_ms, reason_code",
    "research_trial.model_call": "stage, requested_model_id, resolved_model_id, provider_id, prompt_tokens, completion_tokens, cache_read_tokens, latency_ms, ttft_ms, ttft_source, cost_usd_micros, cost_source, error_class, request_hash, response_hash",
    "research_trial.tool_call": "stage, tool_id, status, elapsed_ms, result_count, response_hash",
}
CONTENT = {"query", "answer", "url", "title", "snippet", "excerpt", "prompt", "response"} | {
    "text",
    "content",
}


def refused(metric_type: str, metadata_json: str | None, session_id: str = "trial-1") -> str:
    with pytest.raises(
        RowRefusedError, match=r"^telemetry validation: research_metrics: "
    ) as caught:
        check_row(session_id, metric_type, metadata_json)
    return str(caught.value)


def test_the_names_are_the_originals() -> None:
    assert {k: set(v.split(", ")) for k, v in ORIGINAL.items()} == NAMES_BY_TYPE
    assert set(IDENTITY.split(", ")) == IDENTITY_NAMES
    for names in NAMES_BY_TYPE.values():
        assert names.isdisjoint(CONTENT)


def test_the_contract_file_says_the_same() -> None:
    for metric_type, names in NAMES_BY_TYPE.items():
        definition = SCHEMA["$defs"][metric_type]
        assert definition["additionalProperties"] is False
        assert set(definition["properties"]) == names | IDENTITY_NAMES
        for name, rule in definition["properties"].items():
            kind = "model_scalar" if name.endswith("_model_id") else "scalar"
            assert rule == {"$ref": f"#/$defs/{kind}"}


ACCEPTED = [
    ("research_trial.campaign", {"campaign_id": "c-1", "arm_count": 3, "status": "open"}),
    ("research_trial.run", {"run_id": "r.1", "served_from_cache": True, "duration_ms": 1.5}),
    ("research_trial.stage", {"stage": "plan:1+2", "reason_code": None}),
    ("research_trial.model_call", {"requested_model_id": "org/model@2026", "error_class": ""}),
    ("research_trial.tool_call", {"tool_id": "t" * 128}),
    ("research_trial.tool_call", {}),
]
REFUSED = [
    ("research_trial.run", {"query": "x"}),
    ("research_trial.run", {"attempt": 1}),
    ("research_trial.run", {"stage": "x"}),
    ("research_trial.run", {"run_id": ["a"]}),
    ("research_trial.run", {"run_id": {}}),
    ("research_trial.run", {"run_id": "two words"}),
    ("research_trial.run", {"run_id": "a/b"}),
    ("research_trial.run", {"run_id": "a@b"}),
    ("research_trial.run", {"run_id": "é"}),
    ("research_trial.run", {"run_id": "a\n"}),
    ("research_trial.run", {"run_id": "r" * 129}),
    ("research_trial.model_call", {"provider_id": "org/model"}),
    ("research_trial.model_call", {"resolved_model_id": "https://x?q"}),
    ("research_trial.model_call", {"resolved_model_id": "m" * 129}),
]


@pytest.mark.parametrize(("metric_type", "metadata"), ACCEPTED)
def test_a_content_free_row_is_accepted(metric_type: str, metadata: dict[str, Any]) -> None:
    check_row("trial-1", metric_type, json.dumps(metadata))


@pytest.mark.parametrize(("metric_type", "metadata"), REFUSED)
def test_what_could_be_content_is_refused(metric_type: str, metadata: dict[str, Any]) -> None:
    assert "telemetry validation" in refused(metric_type, json.dumps(metadata))


@pytest.mark.parametrize(("metric_type", "metadata"), ACCEPTED + REFUSED)
def test_code_and_contract_file_agree(metric_type: str, metadata: dict[str, Any]) -> None:
    schema = SCHEMA | {"$ref": f"#/$defs/{metric_type}"}
    assert jsonschema_rs.is_valid(schema, metadata) == ((metric_type, metadata) in ACCEPTED)


@pytest.mark.parametrize(
    "metric_type",
    [
        "research_trial",
        "research_trial.",
        "research_trials",
        "research_trial.query",
        "Research_Trial.run",
        "RESEARCH-TRIAL.RUN",
        "research-trial.run",
        "research_trial-run",
        "research_trial.run.more",
        "research_trial:run",
    ],
)
def test_another_case_or_separator_is_no_way_around(metric_type: str) -> None:
    assert "metric_type looks like research_trial, expected exactly one of" in refused(
        metric_type, "{}"
    )


@pytest.mark.parametrize("metric_type", ["research", "my.research_trial.run", "researchtrial.run"])
def test_other_types_are_no_trials(metric_type: str) -> None:
    check_row("any session at all", metric_type, "any text")


@pytest.mark.parametrize(
    ("metadata_json", "message"),
    [
        (None, "research_trial.run has no metadata_json, expected a JSON object"),
        ('{"run_id":"a","run_id":"b"}', "breaks json.duplicate"),
        ('{"run_id":"a","r\\u0075n_id":"b"}', "breaks json.duplicate"),
        ("[]", "metadata_json is no object"),
        ("null", "metadata_json is no object"),
        ('{"run_id":NaN}', "breaks json."),
        ("{", "breaks json."),
    ],
)
def test_metadata_must_be_one_flat_object_without_twins(
    metadata_json: str | None, message: str
) -> None:
    assert message in refused("research_trial.run", metadata_json)


@pytest.mark.parametrize("session_id", ["two words", "a/b", "s" * 129, "a@b"])
def test_the_session_id_obeys_the_same_rule(session_id: str) -> None:
    assert ": session_id " in refused("research_trial.run", "{}", session_id)


def test_no_message_repeats_a_name_or_value_that_may_be_content() -> None:
    assert "secret" not in refused("research_trial.run", '{"secret":1}')
    assert "secret" not in refused("research_trial.run", '{"run_id":"my secret"}')
    assert "secret" not in refused("research_trial.secret", "{}")
