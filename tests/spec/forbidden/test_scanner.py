"""The engine as both ends call it: the written cases, the real events, places, and hostile texts."""

import base64
import json
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.costs import cost_s
from support.events import usage_events
from vox_telemetry_spec.forbidden import load_scanner
from vox_telemetry_spec.violations import Violation

SCANNER = load_scanner()
CASES = [
    json.loads(line)
    for line in Path(__file__).with_name("cases.jsonl").read_text(encoding="utf-8").splitlines()
]
PUBLIC = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data" / "forbidden-fields.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
# What the contract or strict JSON refuses is not the engine's: unknown names, depth, NaN, prefixes.
NOT_OURS = {
    "type.unknown",
    "time.invalid",
    "session.no-prefix",
    "session.wrong-prefix",
    "session.too-long",
}
HOSTILE_CHARS = 262_144
FORBIDDEN = [
    "/home/alice/proj",
    "/etc/passwd",
    "C:\\Users\\alice",
    "~/proj/x",
    "alice@example.org",
    "git@github.com:org/repo.git",
    "https://github.com/org/repo",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "192.168.17.44",
]
SEPARATORS = st.sampled_from(["", "bench:", "lane=", "[", '"', "x ", "a,", "("])
WORDS = st.from_regex(r"[a-z]{2,9}(?:[._-][a-z]{2,9}){0,4}", fullmatch=True).filter(
    lambda text: not any(word in text for word in ("traceback", "panicked", "users", "home"))
)


@pytest.mark.parametrize("comment", sorted({case["comment"] for case in CASES}))
@pytest.mark.parametrize("expect", ["refuse", "accept"])
def test_the_written_cases(comment: str, expect: str) -> None:
    chosen = [case for case in CASES if (case["comment"], case["expect"]) == (comment, expect)]
    wrong = [case for case in chosen if bool(scan_case(case)) != (expect == "refuse")]
    assert wrong == []


def test_the_public_cases_of_our_categories() -> None:
    ours = [
        case
        for case in PUBLIC
        if case["category"] not in NOT_OURS and not case["category"].startswith("json.")
    ]
    assert len(ours) == 97
    wrong = [
        case
        for case in ours
        if bool(SCANNER.scan(json.loads(case["line"]), 0)) != (case["expect"] == "refuse")
    ]
    assert wrong == []


def test_no_real_event_is_refused() -> None:
    assert [event for event in usage_events() if SCANNER.scan(event, 0)] == []


def test_a_violation_names_the_event_the_place_and_the_rule() -> None:
    event = {"metadata": {"details": {"lane": "/home/alice/x", "tags": ["ok", "10.0.0.1"]}}}
    assert SCANNER.scan(event, 7) == [
        Violation(7, "/metadata/details/lane", "path.posix"),
        Violation(7, "/metadata/details/tags/1", "identifier.ipv4"),
    ]


def test_a_name_that_is_a_secret_is_not_shown() -> None:
    found = SCANNER.scan(
        {"details": {"ghp_16C7e42F292c6912E7710c838347Ae178B4a": {"prompt": 1}}}, 0
    )
    assert found == [
        Violation(0, "/details/*", "secret.github"),
        Violation(0, "/details/*/prompt", "name.prompt"),
    ]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_no_value_is_in_a_result_and_none_is_remembered(text: str) -> None:
    scanner = load_scanner()
    shown = repr(scanner.scan({"lane": text, text: 1}, 0))
    assert text not in shown
    held = repr([*scanner._clean_names, *scanner._clean_texts])
    assert text not in held


def test_clean_texts_speaks_of_all_of_them() -> None:
    assert SCANNER.clean_texts(["cargo_build"])
    assert not SCANNER.clean_texts(["/home/alice"])


@given(st.sampled_from(FORBIDDEN), SEPARATORS, st.sampled_from(["", '"', " y", ")", ",b", "]"]))
def test_surroundings_hide_nothing(text: str, before: str, after: str) -> None:
    assert not SCANNER.clean_texts([before + text + after])


@given(
    st.sampled_from(FORBIDDEN), st.data(), st.sampled_from("\u200b\u200d\u2060\ufeff\u00ad\u202e")
)
def test_an_unseen_character_hides_nothing(text: str, data: st.DataObject, char: str) -> None:
    at = data.draw(st.integers(0, len(text)))
    assert not SCANNER.clean_texts([text[:at] + char + text[at:]])


@pytest.mark.parametrize("text", FORBIDDEN)
def test_full_width_hides_nothing(text: str) -> None:
    assert not SCANNER.clean_texts(["".join(chr(ord(char) + 0xFEE0) for char in text)])


@given(st.sampled_from(FORBIDDEN), st.integers(1, 2))
def test_percent_encoding_hides_nothing(text: str, times: int) -> None:
    for _ in range(times):
        text = (
            "".join(f"%{byte:02X}" for byte in text.encode())
            if times == 1
            else urllib.parse.quote(text, safe="")
        )
    assert not SCANNER.clean_texts([text])


@given(
    st.sampled_from(FORBIDDEN),
    st.sampled_from(["", "/sub", "/sub/dir"]),
    st.sampled_from(["", "bench:", "lane-"]),
)
def test_base64_and_hex_hide_nothing(text: str, tail: str, before: str) -> None:
    plain = (text + (tail if text[0] in "/C~" else "")).encode()
    encoded = base64.b64encode(plain).decode()
    for hidden in (
        encoded,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(plain).decode().rstrip("="),
        plain.hex(),
    ):
        assert not SCANNER.clean_texts([before + hidden]), hidden


@given(WORDS)
@settings(max_examples=400)
def test_words_are_no_alarm(text: str) -> None:
    assert SCANNER.clean_texts([text])


@given(st.uuids(), st.binary(min_size=20, max_size=32).filter(lambda raw: not raw[:6].isascii()))
def test_ids_and_digests_are_no_alarm(uuid: object, raw: bytes) -> None:
    assert SCANNER.clean_texts([str(uuid)])
    assert SCANNER.clean_texts([raw.hex()])


def scan_anew(value: object) -> None:
    SCANNER.forget()
    SCANNER.scan({"lane": value}, 0)


def _pieces(unit: str) -> list[str]:
    """Give the most and longest texts that an event may hold, all of them different."""
    long = unit * 1024
    return [long[:1024]] + [f"{number}{long}"[:1024] for number in range(15)]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "/",
        "\\",
        "a.",
        "eyJ",
        "sk-",
        "1.",
        "a:",
        "%2",
        "[",
        '{"a":',
        "at ",
        "gh",
        "(a ",
        "L2hv",
        "::",
    ],
)
def test_a_hostile_text_costs_little(unit: str) -> None:
    long = (unit * HOSTILE_CHARS)[:HOSTILE_CHARS]
    ordinary = cost_s(lambda: scan_anew(_pieces("words and more ")))
    assert cost_s(lambda: scan_anew(long)) < ordinary
    # Ten times at most where nothing is measured; a hundred would still be little.
    assert cost_s(lambda: scan_anew(_pieces(unit))) < 200 * ordinary


@pytest.mark.parametrize(
    "encode", [json.dumps, lambda text: base64.b64encode(text.encode()).decode()]
)
def test_deep_encodings_cost_little(encode: Any) -> None:
    text = 'a"%41&amp;\\u0041'
    while len(encode(text)) <= 1024:
        text = encode(text)
    ordinary = cost_s(lambda: scan_anew(_pieces("words and more ")))
    deep = [*(f"{text} {number}" for number in range(8)), *[text] * 8]
    assert cost_s(lambda: scan_anew(deep)) < 200 * ordinary


def test_a_text_is_read_up_to_its_limit_and_refused_beyond() -> None:
    assert SCANNER.scan({"lane": "ab." * 341 + "a"}, 0) == []
    assert SCANNER.scan({"lane": "ab." * 341 + "ab"}, 0) == [
        Violation(0, "/lane", "content.long-text")
    ]


def test_what_nests_too_deeply_is_refused() -> None:
    found = SCANNER.scan({"lane": '{"a":' * 100 + "1" + "}" * 100}, 0)
    assert found == []
    assert SCANNER.scan({"lane": "[" * 256}, 0) == []
    found = SCANNER.scan({"lane": "[" * 257}, 0)
    assert found == [Violation(0, "/lane", "content.nested-text")]


def scan_case(case: dict[str, str]) -> list[Violation]:
    event: dict[str, Any] = {"lane": case["text"]} if "text" in case else {case["name"]: 1}
    return SCANNER.scan(event, 0)
