"""Events of the batch vectors, accepted and refused."""

from collections.abc import Iterator
from typing import Any

from vector_cases.form import Json

Refused = tuple[Any, ...]  # comment, flags, event, then (pointer, rule) of each fault
_GONE = object()
_ANY_OF = "contract.anyOf"
_CLOSED = "contract.additionalProperties"


def good(**changes: object) -> Json:
    """Return an event that every check accepts at NOW, with some members changed."""
    made = {
        "metric_type": "benchmark_event",
        "session_id": "bench:vectors",
        "recorded_at": "2026-11-22T09:00:00Z",
        "metric_value": 0.5,
        "metadata": {"name": "ci_build_timings"},
    } | changes
    return {name: value for name, value in made.items() if value is not _GONE}


def with_metadata(**members: object) -> Json:
    """Return a good event with more metadata."""
    metadata = {"name": "ci_build_timings"} | members
    return good(metadata={n: value for n, value in metadata.items() if value is not _GONE})


def accepted() -> Iterator[tuple[str, str, Json]]:
    """Yield comment, flags and event."""
    yield "one event", "Plain", good()
    yield "no scalar", "Null", good(metric_value=None)
    for value in (0, -1, 1e308, 5e-324, 9_007_199_254_740_993, -0.0):
        yield f"metric_value {value}", "Number", good(metric_value=value)
    for recorded_at, comment in {
        "2026-11-22T10:10:00Z": "600 s ahead",
        "2025-10-18T10:00:00Z": "400 days ago",
        "2026-11-22T09:00:00.123456789Z": "nine fractional digits",
        "2026-11-22T00:00:00.0Z": "midnight",
    }.items():
        yield comment, "Time Boundary", good(recorded_at=recorded_at)
    yield "empty details", "Plain", with_metadata(details={})
    details = {"lane": "test_re", "ok": True, "ms": 432, "ratio": 0.25}
    everything = {"repository_id": "cpython-3.11", "metric_value_unit": "seconds"}
    yield "all members", "Plain", with_metadata(**everything, details=details)
    full = {f"d{number}": number for number in range(32)}
    yield "32 details", "Boundary", with_metadata(details=full)
    longest = {"d" + "x" * 63: "AZaz09_.:+-"}
    yield "a detail's name of 64 characters", "Boundary", with_metadata(details=longest)
    token = "aZ09_.:+-" * 14 + "aa"
    yield "a name of 128 characters", "Boundary", with_metadata(name=token)
    session = "bench:" + "a1_.+-" * 21 + "bc"
    yield "a repository id of 128 characters", "Boundary", good(session_id=session)


def refused() -> Iterator[Refused]:
    """Yield comment, flags, event and the places with their rules."""
    yield from _kinds()
    yield from _members()
    yield from _sessions()
    yield from _metadata()
    yield from _details()
    yield from _times()


def _kinds() -> Iterator[Refused]:
    events: tuple[object, ...] = (None, 1, "x", [], True)
    for event in events:
        yield f"the event is {event}", "Closed", event, ("", "contract.type")
    unknown = ("/metric_type", "contract.unknown-metric-type")
    for kind in ("keystrokes", "Benchmark_event", "benchmark_event ", "", None, 1, ["x"]):
        yield f"metric_type {kind!r}", "Policy", good(metric_type=kind), unknown
    yield "no metric_type", "Policy", good(metric_type=_GONE), unknown


def _members() -> Iterator[Refused]:
    for member in ("session_id", "recorded_at", "metric_value", "metadata"):
        yield f"no {member}", "Closed", good(**{member: _GONE}), ("", "contract.required")
    others: tuple[object, ...] = ("1", True, [], {})
    for value in others:
        event = good(metric_value=value)
        yield f"metric_value {value!r}", "Closed", event, ("/metric_value", "contract.type")
    yield "a member of no contract", "Closed", good(note="hello"), ("", _CLOSED)


def _sessions() -> Iterator[Refused]:
    session = ("/session_id", "contract.pattern")
    for text, flag in {
        "vectors": "Closed",
        "bench:": "Closed",
        "mcp:vectors": "Closed",
        "Bench:vectors": "Closed",
        "bench:" + "a1_.+-" * 21 + "bcd": "OverLimit",
        "bench:\uff56\uff45\uff43": "NotAscii",
        "bench:vectors\n": "Closed",
    }.items():
        yield f"session_id {text[:40]!a}", flag, good(session_id=text), session
    yield "session_id null", "Closed", good(session_id=None), ("/session_id", "contract.type")


def _metadata() -> Iterator[Refused]:
    yield "metadata null", "Closed", good(metadata=None), ("/metadata", "contract.type")
    yield "no name", "Closed", with_metadata(name=_GONE), ("/metadata", "contract.required")
    yield "an unknown member", "Closed", with_metadata(host_count=1), ("/metadata", _CLOSED)
    name = ("/metadata/name", "contract.pattern")
    for text, flag in {
        "aZ09_.:+-" * 14 + "aaa": "OverLimit",
        "": "Closed",
        "two words": "Closed",
        "caf\u00e9": "NotAscii",
        "\u0441i_build": "NotAscii",
        "na\u200bme": "NotAscii",
        "\u0663": "NotAscii",
    }.items():
        yield f"name {text[:40]!a}", flag, with_metadata(name=text), name
    unit = ("/metadata/metric_value_unit", "contract.enum")
    yield "an unknown unit", "Closed", with_metadata(metric_value_unit="Seconds"), unit


def _details() -> Iterator[Refused]:
    over = {f"d{number}": number for number in range(33)}
    place = ("/metadata/details", "contract.maxProperties")
    yield "33 details", "OverLimit", with_metadata(details=over), place
    for value in (None, {}, [], [1], {"a": 1}, "two words", "caf\u00e9", "x" * 129, ""):
        event = with_metadata(details={"lane": value})
        yield (
            f"a detail is {str(value)[:20]!a}",
            "Closed",
            event,
            ("/metadata/details/lane", _ANY_OF),
        )


_NO_TIMES = {
    "2026-11-22T10:10:01Z": "time.in-the-future",
    "2026-11-22T10:10:00.001Z": "time.in-the-future",
    "9999-12-31T23:59:59Z": "time.in-the-future",
    "2025-10-18T09:59:59Z": "time.too-old",
    "2025-10-18T09:59:59.999Z": "time.too-old",
    "0001-01-01T00:00:00Z": "time.too-old",
    "2026-02-30T00:00:00Z": "time.invalid",
    "2026-11-22T24:00:00Z": "time.invalid",
    "2026-11-22T09:00:60Z": "time.invalid",
    "2025-02-29T00:00:00Z": "time.invalid",
    "0000-01-01T00:00:00Z": "time.invalid",
}
_OTHER_SPELLINGS = (
    "2026-11-22T09:00:00z",
    "2026-11-22t09:00:00Z",
    "2026-11-22T09:00:00+00:00",
    "2026-11-22T09:00:00",
    "2026-11-22 09:00:00Z",
    "2026-11-22T09:00:00,5Z",
    "2026-11-22T09:00:00.Z",
    "2026-11-22T09:00:00.1234567890Z",
    "2026-11-22T09:00Z",
    "yesterday",
    "\u0662026-11-22T09:00:00Z",
)


def _times() -> Iterator[Refused]:
    for recorded_at, rule in _NO_TIMES.items():
        yield recorded_at, "Time", good(recorded_at=recorded_at), ("/recorded_at", rule)
    for recorded_at in _OTHER_SPELLINGS:
        faults = [("/recorded_at", "contract.pattern"), ("/recorded_at", "time.invalid")]
        yield ascii(recorded_at), "Time", good(recorded_at=recorded_at), *faults
