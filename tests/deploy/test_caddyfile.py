"""The proxy of docker-compose.yml takes what the sink takes, as long as the sink takes it.

tests/deploy/test_compose.py uploads through deploy/compose/Caddyfile.
"""

import re

import pytest

from support.checkouts import ROOT
from vox_telemetry_spec import limits

CADDYFILE = (ROOT / "deploy/compose/Caddyfile").read_text(encoding="utf-8")
BOTH_S = limits.RECEIVE_DEADLINE_S + limits.DRAIN_DEADLINE_S


def number(name: str) -> float:
    [found] = re.findall(rf"^\s*{name} (\d+)s?(?: #.*)?$", CADDYFILE, re.MULTILINE)
    return float(found)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("max_size", limits.DISCARDED_BODY_MAX_BYTES),
        ("max_header_size", limits.HEADERS_MAX_BYTES),
        ("read_header", limits.RECEIVE_DEADLINE_S),
        ("idle", limits.KEEP_ALIVE_IDLE_MAX_S),
    ],
)
def test_a_limit_is_the_sinks(name: str, limit: float) -> None:
    assert number(name) == limit


def test_a_slow_body_is_answered_by_the_sink_before_the_proxy_cuts_it() -> None:
    assert number("read_body") > limits.RECEIVE_DEADLINE_S


def test_an_answer_is_waited_for_as_long_as_the_sink_may_take() -> None:
    assert number("write") > number("response_header_timeout") > BOTH_S


def test_connections_to_the_sink_are_fewer_and_idle_for_less_than_it_allows() -> None:
    assert number("max_conns_per_host") < limits.CONNECTIONS_MAX_COUNT
    assert number("keepalive") < limits.KEEP_ALIVE_IDLE_MAX_S


def test_each_limit_that_is_named_beside_a_number_exists() -> None:
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+_(?:S|BYTES|COUNT)\b", CADDYFILE))
    assert named
    assert [name for name in named if not hasattr(limits, name)] == []


def test_the_console_is_hidden_unless_it_is_asked_for() -> None:
    assert "import console_{$SINK_CONSOLE:hidden}" in CADDYFILE
    hidden = re.search(r"\(console_hidden\) \{(.*?)\n\}", CADDYFILE, re.DOTALL)
    assert hidden is not None
    assert "@console path /console /console/*\n" in hidden[1]
    assert "` 404\n" in hidden[1]


def test_no_address_of_a_client_is_logged_or_passed_on() -> None:
    assert re.search(
        r"^\s*log \{\s*exclude http\.log\.error http\.handlers", CADDYFILE, re.MULTILINE
    )
    assert "header_up -X-Forwarded-For" in CADDYFILE
    assert CADDYFILE.count("log {") == 1
