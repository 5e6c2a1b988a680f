"""Forbidden-field vectors: an event, and the places and rules that refuse it.

Taken from the examples that the rules carry as data, from the public cases, and from well-known
forms in which a text hides. `refused` holds at least these; a place without a rule is refused by
any. The contract itself (`contract.*`, `time.*`) is another matter and may refuse more.
"""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from vector_cases.form import Json, document, invalid, note, valid

NOTES = {
    "Rule": note("PRIVACY", "An example that the rule itself carries.", "Content or places leave."),
    "Passes": note(
        "FALSE_ALARM", "Near to a rule, and legal.", "Operators switch the check off.",
    ),
    "Name": note("PRIVACY", "The member's name tells what is in it.", "Prompts leave as numbers."),
    "Public": note("PRIVACY", "A case of tests/data/forbidden-fields.jsonl.", "A known miss."),
    "Encoded": note(
        "PRIVACY", "Percent, base64, hex, entities, escapes, JSON in a string.",
        "A wrapper hides what the rules look for.",
    ),
    "Unicode": note(
        "PRIVACY", "Full width, zero width, bidi, look-alike letters and slashes.",
        "What a person reads as a path is none to the check.",
    ),
    "Embedded": note("PRIVACY", "Inside other text.", "Only whole values are looked at."),
    "Place": note("PRIVACY", "In other places of the event.", "A place is never looked at."),
    "Boundary": note("EDGE_CASE", "At or over the longest text.", "Long texts go unread."),
}  # fmt: skip
_SPEC = Path(__file__).parents[1]
_RULES = _SPEC / "vox_telemetry_spec" / "contracts" / "forbidden"
_PUBLIC = _SPEC.parent / "tests" / "data" / "forbidden-fields.jsonl"
_VALUE_FILES = ("content", "paths", "remotes", "stacks", "secrets", "identifiers")
_LANE = "/metadata/details/lane"
_OTHER_CHECKS = ("json.", "type.", "time.", "session.no-", "session.wrong-", "session.too-")
_SHOWN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_TEXT_MAX_CHARS = 1_024
_TEXTS = {
    "/home/alice/proj": "path.posix",
    "C:\\Users\\alice\\x": "path.windows",
    "alice@example.org": "identifier.email",
    "AKIAIOSFODNN7EXAMPLE": "secret.aws-access-key",
    "https://github.com/org/repo": "remote.url",
}


def vectors() -> Json:
    """Return forbidden.v1.json."""
    cases = [*_of_values(), *_of_names(), *_of_forms(), *_of_places(), *_public(), *_long()]
    return document("forbidden", NOTES, cases)


def event(**details: object) -> Json:
    """Return an event with these details."""
    return {
        "metric_type": "benchmark_event",
        "session_id": "bench:vectors",
        "recorded_at": "2026-11-22T09:00:00Z",
        "metric_value": 0.5,
        "metadata": {"name": "ci_build_timings", "details": details},
    }


def _refused(comment: str, flags: str, sent: Json, pointer: str, rule: str | None = None) -> Json:
    place = {"pointer": pointer} if rule is None else {"pointer": pointer, "rule": rule}
    return invalid(comment, flags, event=sent, expected={"refused": [place]})


def _rules(name: str) -> list[Json]:
    rules: list[Json] = json.loads((_RULES / f"{name}.v1.json").read_text("utf-8"))["rules"]
    return rules


def _of_values() -> Iterator[Json]:
    for rule in (rule for name in _VALUE_FILES for rule in _rules(name)):
        for text in rule["matches"]:
            yield _refused(rule["reason"], "Rule", event(lane=text), _LANE, rule["id"])
        for text in rule["passes"]:
            yield valid(f"not: {rule['reason']}", "Rule Passes", event=event(lane=text))


def _of_names() -> Iterator[Json]:
    for rule in _rules("names"):
        for name in rule["matches"]:
            pointer = f"/metadata/details/{name if _SHOWN_NAME.fullmatch(name) else '*'}"
            yield _refused(rule["reason"], "Rule Name", event(**{name: 1}), pointer, rule["id"])
        for name in rule["passes"]:
            sent = event(**{name: 1})
            yield valid(f"not: {rule['reason']}", "Rule Name Passes", event=sent)


def _of_forms() -> Iterator[Json]:
    for text, rule in _TEXTS.items():
        for flag, forms in (("Encoded", _encoded), ("Unicode", _disguised), ("Embedded", _inside)):
            for what, form in forms(text).items():
                yield _refused(f"{rule}, {what}", flag, event(lane=form), _LANE, rule)


def _encoded(text: str) -> dict[str, str]:
    plain = text.encode()
    every = "".join(f"%{byte:02X}" for byte in plain)
    return {
        "in percent": every,
        "in percent, lower case": every.lower(),
        "in percent, twice": quote(every, safe=""),
        "in base64": base64.b64encode(plain).decode(),
        "in base64url": base64.urlsafe_b64encode(plain).decode().rstrip("="),
        "in hex": plain.hex(),
        "in decimal entities": "".join(f"&#{ord(char)};" for char in text),
        "in hexadecimal entities": "".join(f"&#x{ord(char):x};" for char in text),
        "in escapes": "".join(f"\\u{ord(char):04x}" for char in text),
        "in JSON": json.dumps({"x": [text]}),
        "in JSON in JSON": json.dumps({"x": json.dumps([text])}),
        "in JSON in base64": base64.b64encode(json.dumps({"x": text}).encode()).decode(),
    }


def _disguised(text: str) -> dict[str, str]:
    half = len(text) // 2
    forms = {
        name: text[:half] + char + text[half:]
        for name, char in {
            "a zero-width space inside": "\u200b",
            "a zero-width joiner inside": "\u200d",
            "a word joiner inside": "\u2060",
            "a soft hyphen inside": "\u00ad",
            "a bidi override inside": "\u202e",
            "a byte order mark inside": "\ufeff",
        }.items()
    }
    forms["zero-width spaces everywhere"] = "\u200b".join(text)
    forms["in full width"] = "".join(chr(ord(char) + 0xFEE0) for char in text)
    return forms


def _inside(text: str) -> dict[str, str]:
    return {
        "in brackets": f"[{text}]",
        "in parentheses": f"x ({text})",
        "in quotes": f'"{text}"',
        "after an equals sign": f"lane={text}",
        "after a word": f"see {text}",
        "in a list": f"a,{text},b",
    }


def _of_places() -> Iterator[Json]:
    path, rule = "/home/alice/proj", "path.posix"
    places: dict[str, Json] = {
        "/session_id": event() | {"session_id": f"bench:{path}"},
        "/metadata/name": event() | {"metadata": {"name": path}},
        "/metadata/details/a/b/1": event(a={"b": [1, path]}),
        "/metadata/details/a/0/c": event(a=[{"c": path}]),
        "/note": event() | {"note": path},
        "/recorded_at": event() | {"recorded_at": path},
        "/metadata/details/*": event(**{path: 1}),
        "/metadata/details/*/x": event(**{"not plain": {"x": path}}),
    }
    for pointer, sent in places.items():
        yield _refused(f"at {pointer}", "Place", sent, pointer, rule)
    for name in (
        "\uff50\uff52\uff4f\uff4d\uff50\uff54",
        "pro\u200bmpt",
        "rawPrompt",
        "PROMPT_TEXT",
    ):
        pointer = f"/metadata/details/{name if _SHOWN_NAME.fullmatch(name) else '*'}"
        yield _refused(
            f"the name {name!a}", "Place Name", event(**{name: 1}), pointer, "name.prompt"
        )
    yield valid("an event without details", "Passes Place", event=event())
    yield valid("numbers only", "Passes Place", event=event(ms=1, ratio=0.5, ok=True, none=None))


def _public() -> Iterator[Json]:
    lines = _PUBLIC.read_text("utf-8").splitlines()
    for case in map(json.loads, lines):
        if case["category"].startswith(_OTHER_CHECKS):
            continue
        sent = json.loads(case["line"])
        comment = f"{case['id']}, {case['category']}"
        if case["expect"] == "accept":
            yield valid(comment, "Public Passes", event=sent)
        else:
            yield _refused(comment, "Public", sent, _odd_place(sent, case["category"]))


def _odd_place(sent: Json, category: str) -> str:
    """Return where a public case differs from the legal event that they all start from."""
    if category.startswith("session."):
        return "/session_id"
    if sent["metadata"]["name"] != "ci_build_timings":
        return "/metadata/name"
    if not category.startswith("key"):
        return _LANE
    name = next(name for name in sent["metadata"]["details"] if name != "lane")
    return f"/metadata/details/{name if _SHOWN_NAME.fullmatch(name) else '*'}"


def _long() -> Iterator[Json]:
    words = "ab-" * _TEXT_MAX_CHARS
    longest, longer = words[:_TEXT_MAX_CHARS], words[: _TEXT_MAX_CHARS + 1]
    yield valid("1,024 characters", "Boundary Passes", event=event(lane=longest))
    yield _refused("1,025 characters", "Boundary", event(lane=longer), _LANE, "content.long-text")
    wide = "\u20ac" * (_TEXT_MAX_CHARS + 1)
    yield _refused(
        "1,025 characters beyond ASCII", "Boundary", event(lane=wide), _LANE, "content.long-text"
    )
