"""The row rules of research_metrics: their order, their limits in bytes, their wording."""

import pytest

from vox_telemetry_spec.errors import RowRefusedError
from vox_telemetry_spec.research_metrics import check_row

PREFIX = "telemetry validation: research_metrics: "


def refused(session_id: str, metric_type: str, metadata_json: str | None = None) -> str:
    with pytest.raises(RowRefusedError, match="^" + PREFIX) as caught:
        check_row(session_id, metric_type, metadata_json)
    return str(caught.value).removeprefix(PREFIX)


@pytest.mark.parametrize(
    ("session_id", "metric_type", "metadata_json"),
    [
        ("bench:vox", "benchmark_event", None),
        ("bench:vox", "mcp:foo_bar", None),
        ("no known prefix, with spaces", "never-heard.of:IT_9", None),
        ("s", "m", ""),
        ("s", "m", "free text is no error, nor is {broken json"),
        ("s" * 512, "m" * 128, None),
        ("é" * 256, "m", None),
        ("s", "m", "x" * 262_144),
        ("s", "m", "é" * 131_072),
        ("s", "model_route_event", None),
        ("s", "model_route_event", '{"trace_id":"t","route_policy_profile":"p"}'),
        ("s", "model_route_event", '{"route_policy_profile":null,"x":[1],"trace_id":null}'),
        ("s", "model_route_event2", "{}"),
    ],
)
def test_a_row_within_the_limits_is_accepted(
    session_id: str, metric_type: str, metadata_json: str | None
) -> None:
    check_row(session_id, metric_type, metadata_json)


@pytest.mark.parametrize(
    ("session_id", "metric_type", "metadata_json", "message"),
    [
        ("", "m", None, "session_id is empty, expected it to be non-empty"),
        ("s" * 513, "m", None, "session_id is 513 bytes, expected at most 512"),
        ("é" * 257, "m", None, "session_id is 514 bytes, expected at most 512"),
        ("s", "", None, "metric_type is empty, expected it to be non-empty"),
        ("s", "m" * 129, None, "metric_type is 129 bytes, expected at most 128"),
        ("s", "m", "x" * 262_145, "metadata_json is 262145 bytes, expected at most 262144"),
        ("s", "m", "é" * 131_072 + "x", "metadata_json is 262145 bytes, expected at most 262144"),
    ],
)
def test_a_row_beyond_a_limit_is_refused(
    session_id: str, metric_type: str, metadata_json: str | None, message: str
) -> None:
    assert refused(session_id, metric_type, metadata_json) == message


@pytest.mark.parametrize("metric_type", ["bad type", "bad/type", "bénch", "a\n", "a\x00", "a@b"])
def test_a_metric_type_of_other_characters_is_refused(metric_type: str) -> None:
    assert refused("s", metric_type).startswith("metric_type has a character that is not allowed")


def test_the_first_broken_rule_is_the_one_that_is_named() -> None:
    big = "x" * 262_145
    assert refused("", "", big).startswith("session_id is empty")
    assert refused("s" * 513, "", big).startswith("session_id is 513 bytes")
    assert refused("s", "", big).startswith("metric_type is empty")
    assert refused("s", "/" * 129, big).startswith("metric_type is 129 bytes")
    assert refused("s", "/", big).startswith("metric_type has a character")
    assert refused("s", "model_route_event", big).startswith("metadata_json is 262145 bytes")


@pytest.mark.parametrize(
    ("metadata_json", "message"),
    [
        ("{}", "model_route_event metadata lacks trace_id and route_policy_profile"),
        ('{"trace_id":"t"}', "model_route_event metadata lacks route_policy_profile"),
        ('{"route_policy_profile":"p"}', "model_route_event metadata lacks trace_id,"),
        # The original looks for substrings, so that these pass there.
        (
            '{"note":"\\"trace_id\\" and \\"route_policy_profile\\""}',
            "model_route_event metadata lacks trace_id and route_policy_profile",
        ),
        (
            '{"inner":{"trace_id":"t","route_policy_profile":"p"}}',
            "model_route_event metadata lacks trace_id and route_policy_profile",
        ),
        ('"trace_id" "route_policy_profile"', "model_route_event metadata_json breaks json."),
        ('["trace_id","route_policy_profile"]', "model_route_event metadata_json is no object"),
        ("", "model_route_event metadata_json breaks json."),
        (
            '{"trace_id":"t","trace_id":"u","route_policy_profile":"p"}',
            "model_route_event metadata_json breaks json.duplicate",
        ),
    ],
)
def test_a_model_route_is_judged_by_the_names_it_parses_to(
    metadata_json: str | None, message: str
) -> None:
    assert refused("s", "model_route_event", metadata_json).startswith(message)


def test_a_model_route_may_spell_its_names_with_escapes() -> None:
    check_row("s", "model_route_event", '{"tr\\u0061ce_id":"t","route_policy_profile":"p"}')


@pytest.mark.parametrize("row", [("\ud800", "m", None), ("s", "m", "\udfff")])
def test_a_lone_surrogate_is_refused(row: tuple[str, str, str | None]) -> None:
    assert refused(*row).endswith("holds a lone surrogate, expected UTF-8 text")


def test_no_message_repeats_a_value() -> None:
    for row in [
        ("secret" * 100, "m", None),
        ("s", "secret value", None),
        ("s", "secret" * 30, None),
    ]:
        assert "secret" not in refused(*row)
    assert "secret" not in refused("s", "model_route_event", '{"secret":"secret"}')
