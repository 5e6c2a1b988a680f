"""A run of lines says what its lines say one by one, or says nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.events import _usage_lines
from vox_telemetry_client.line_runs import decode_run
from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.strict_json import decode, encode

PIECES = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b",", b":", b'"', b'"a"', b'"b"', b"1", b"-0", b"1e3", b" "),
        *(b"|", b'"|"', b"null", b"NaN", b"1e999", b"9223372036854775808", b"\\", b"\xc3\xa9"),
        b"\xff",
    ]
)
LINES = st.one_of(
    st.lists(PIECES, min_size=1, max_size=9).map(b"".join).map(bytes.strip).filter(bool),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
        max_leaves=6,
    ).map(lambda value: json.dumps(value).encode()),
)


def one_by_one(lines: list[bytes]) -> list[object] | None:
    try:
        return [decode(line) for line in lines]
    except JsonRefusedError:
        return None


def test_real_events_are_read_as_a_run_however_their_numbers_are_spelled() -> None:
    lines = _usage_lines()[:2_000]
    values = [json.loads(line) for line in lines]
    assert decode_run(lines) == [(value, encode(value)) for value in values]
    assert any(encode(value) != line for value, line in zip(values, lines, strict=True))
    blanks = [json.dumps(value).encode() for value in values]
    assert decode_run(blanks) == [(value, encode(value)) for value in values]


@pytest.mark.parametrize(
    "lines",
    [
        [b'{"a":1,"a":2}'],
        [b'{"a":"x","a":"x"}', b"1"],
        [b'{"a":1},{"b":2}', b'{"c":[{"d":1}', b'{"e":2}]}'],
        [b'{"a":1},"|",{"b":2}', b"[1", b"2]"],
        [b'{"a":"x', b'y"}'],
        [b"9223372036854775808"],
        [b"NaN"],
        [b"1e999"],
        [b'"\xed\xa0\x80"'],
        [b"[" * 17 + b"]" * 17],
        [b"1", b"2 3"],
    ],
    ids=[
        *("twice", "twice-texts", "misplaced", "own-mark", "cut", "integer", "nan", "overflow"),
        *("surrogate", "depth", "two-values"),
    ],
)
def test_what_no_line_may_say_no_run_says(lines: list[bytes]) -> None:
    assert one_by_one(lines) is None
    assert decode_run(lines) is None


@given(st.lists(LINES, min_size=1, max_size=5))
def test_a_run_never_says_anything_else_than_its_lines(lines: list[bytes]) -> None:
    found = decode_run(lines)
    if found is not None:
        expected = one_by_one(lines)
        assert expected is not None
        assert [(repr(value), written) for value, written in found] == [
            (repr(value), encode(value)) for value in expected
        ]
