"""What the search leaves out, no rule refuses; what it leaves in is little."""

import base64
import json
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from support.events import usage_events
from vox_telemetry_spec.forbidden import load_scanner
from vox_telemetry_spec.forbidden.rules import load_value_rules
from vox_telemetry_spec.forbidden.tokens import TokenSearch, needs_foreign

RULES = load_value_rules()
SEARCH = TokenSearch(RULES)
SCANNER = load_scanner()
TOKEN = string.ascii_letters + string.digits + "_.:+-"
PATTERNS = [(rule.id, pattern) for rule in RULES for pattern in rule.patterns]
CASES = [
    json.loads(line)
    for line in Path(__file__).with_name("cases.jsonl").read_text(encoding="utf-8").splitlines()
]
HOSTILE = [
    "/home/alice/proj",
    "C:\\Users\\alice",
    "~/proj/x",
    "alice@example.org",
    "https://github.com/org/repo",
    "AKIAIOSFODNN7EXAMPLE",
    "192.168.17.44",
    "/tmp",
    "/home/\u00e4lice/pr\u00f6jekte/gehe\u00efm",
    '{"prompt":"x"}',
]
TOKENS = st.text(TOKEN, min_size=1, max_size=64)


def refused(text: str) -> bool:
    """Ask the rules themselves, whatever was asked before."""
    SCANNER.forget()
    return bool(SCANNER._rules_of_text(text))


def assert_no_escape(text: str) -> None:
    assert not refused(text) or SEARCH.suspects([text]) == [text]


def test_every_refused_example_and_case_is_a_suspect() -> None:
    texts = {text for rule in RULES for text in rule.matches}
    texts |= {case["text"] for case in CASES if "text" in case}
    hit = {text for text in texts if len(text) < 1024 and refused(text)}  # longer ones never come
    assert len(hit) > 400
    assert hit <= set(SEARCH.suspects(texts))


@pytest.mark.parametrize(("rule", "pattern"), PATTERNS)
def test_a_token_that_a_pattern_matches_is_a_suspect(rule: str, pattern: str) -> None:
    """Tokens are made from each pattern; where none can be made, the search need not have it."""
    try:
        made = st.from_regex(pattern, alphabet=st.sampled_from(TOKEN))
        made.validate()
    except InvalidArgument:
        return

    @given(made)
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    def check(text: str) -> None:
        assert not needs_foreign(pattern), rule
        assert_no_escape(text)

    check()


@given(TOKENS)
@settings(max_examples=300, deadline=None)
def test_no_token_escapes(text: str) -> None:
    assert_no_escape(text)


@given(
    st.sampled_from(HOSTILE),
    st.sampled_from(["", "bench:", "lane-", "x.", "a_", "0x", "ab", "f-", "12."]),
    st.sampled_from(["", ".x", "-1", "f", "_ab:", "3c"]),
    st.sampled_from([":", ".", "-", "_"]),
)
@settings(max_examples=100, deadline=None)
def test_no_encoded_text_escapes(text: str, before: str, after: str, mark: str) -> None:
    for raw in (text.encode(), text.encode("utf-16-le"), f"-{text}".encode()):
        base = base64.urlsafe_b64encode(raw).decode()
        for hidden in (
            base,
            base.rstrip("="),
            base64.b64encode(raw).decode().rstrip("="),
            raw.hex(),
            raw.hex(mark) if mark != "+" else raw.hex(),
            raw.hex().upper(),
            base64.urlsafe_b64encode(base.encode()).decode().rstrip("="),
            raw.hex().encode().hex(),
        ):
            assert_no_escape(before + hidden + after)


@given(TOKENS, st.sampled_from("\n\r\t /\\@~%\u00e9\uff0f\u200b\u2028\u0661"), st.integers(0, 64))
@settings(deadline=None)
@example("a", "\n", 1)
def test_what_is_no_token_is_a_suspect(text: str, char: str, at: int) -> None:
    text = text[:at] + char + text[at:]
    assert SEARCH.suspects(["plain", text, "words"]) == [text]


def test_lines_are_asked_about_together_and_found_alone() -> None:
    texts = [f"word_{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10]}" for n in range(100)]
    assert SEARCH.suspects(texts) == []
    texts[50] = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    texts[99] = "192.168.17.44"
    assert SEARCH.suspects(texts) == [texts[50], texts[99]]
    assert SEARCH.suspects([]) == []


def test_few_real_names_and_no_hash_is_looked_at_closely() -> None:
    names = {event["metadata"]["name"] for event in usage_events()}
    assert len(SEARCH.suspects(names)) < len(names) / 50
    digests = ["da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e"]
    assert SEARCH.suspects(digests) == []
    assert SEARCH.suspects(["wJalrXUtnFEMI7K7MDENGbPxRfiCYEXAMPLEKEYx"]) != []


@pytest.mark.parametrize(
    ("pattern", "foreign"),
    [
        (r"a b", True),
        (r"a ?b", False),
        (r"a +b", True),
        (r"a {0,3}b", False),
        (r"a\s+b", True),
        (r"a\s*b", False),
        (r"\S", False),
        (r"x\b", False),
        (r"a[({]", True),
        (r"a[({]*", False),
        (r"a[ -/]", False),
        (r"a[^a-z]", False),
        (r"a[\s._]", False),
        (r"[!-~]{8,}", False),
        (r"[ ]|a", False),
        (r"RIP: |0x[0-9a-f]{12,16}", False),
        (r"(?: |a)b", False),
        (r"(?: )b", False),  # not understood: kept
        (r"(?i)a/b", True),
        (r"\(0x", True),
        (r"a\.b", False),
    ],
)
def test_a_pattern_is_left_out_only_if_tokens_lack_what_it_needs(
    pattern: str, foreign: bool
) -> None:
    assert needs_foreign(pattern) is foreign
