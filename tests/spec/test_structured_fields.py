from decimal import Decimal

import http_sf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vox_telemetry_spec.errors import FieldRefusedError
from vox_telemetry_spec.structured_fields import (
    parse_dictionary,
    parse_string,
    serialise_bytes,
    serialise_inner_list,
    serialise_string,
)


def test_reads_a_dictionary_with_its_types() -> None:
    members = parse_dictionary("X", 'a=1;p, b="s", c=:YQ==:, d=1.5, e=?0, f=("x";sf "y");k=tok, g')
    assert members["a"] == (1, {"p": True})
    assert members["b"] == ("s", {})
    assert members["c"] == (b"a", {})
    assert members["d"] == (Decimal("1.5"), {})
    assert members["e"] == (False, {})
    assert members["f"] == ([("x", {"sf": True}), ("y", {})], {"k": http_sf.Token("tok")})
    assert members["g"] == (True, {})


@pytest.mark.parametrize(
    "header",
    [
        "a=1,",
        "A=1",
        "a=(",
        'a="',
        "a=:YQ",
        "a=\u00e9",
        "a=1.23456",
        "a=1 b=2",
        "=1",
        "a=1\x00",
        "a=?2",
    ],
)
def test_what_is_no_dictionary_is_refused(header: str) -> None:
    with pytest.raises(FieldRefusedError, match="X is no dictionary of RFC 9651"):
        parse_dictionary("X", header)


@pytest.mark.parametrize(
    "header", ["a=1, a=1", "a=1, b=2, a=3", "a=1;p;p", 'a=("x";p=1;p=1)', "a=();p=1;p=2"]
)
def test_a_label_or_parameter_that_comes_twice_is_refused(header: str) -> None:
    with pytest.raises(FieldRefusedError, match="repeats a label or parameter"):
        parse_dictionary("X", header)


@pytest.mark.parametrize(
    ("header", "text"), [('"abc"', "abc"), ('""', ""), (r'"a\"b\\"', 'a"b\\'), (' "abc" ', "abc")]
)
def test_reads_a_string(header: str, text: str) -> None:
    assert parse_string("Idempotency-Key", header) == text


@pytest.mark.parametrize(
    "header", ["", '"a', '"a" "b"', '"a","b"', "'a'", '"\u00e9"', '"\t"', r'"\n"']
)
def test_what_is_no_item_is_refused(header: str) -> None:
    with pytest.raises(FieldRefusedError, match="no string of RFC 9651"):
        parse_string("Idempotency-Key", header)


@pytest.mark.parametrize("header", ["abc", "1", ":YQ==:", '"a";p', '%"a"', "?1", "@1"])
def test_an_item_of_another_type_is_refused(header: str) -> None:
    with pytest.raises(FieldRefusedError, match="no plain string of RFC 9651"):
        parse_string("Idempotency-Key", header)


def test_writes_items() -> None:
    assert serialise_string('a"b\\') == r'"a\"b\\"'
    assert serialise_bytes(b"") == "::"
    # RFC 9651 section 4.1.8 and RFC 4648 section 10.
    assert serialise_bytes(b"foobar") == ":Zm9vYmFy:"


def test_writes_an_inner_list() -> None:
    assert serialise_inner_list([], {}) == "()"
    assert serialise_inner_list([("a", {"sf": True}), ("b", {})], {"n": 1}) == '("a";sf "b");n=1'


@pytest.mark.parametrize("value", ["caf\u00e9", "a\nb", 10**15, float("inf"), None])
def test_a_value_that_no_field_can_hold_is_refused(value: object) -> None:
    with pytest.raises(FieldRefusedError, match="cannot be written"):
        serialise_inner_list([], {"n": value})


FIELD_TEXT = st.text(alphabet='abz=1;,()":@%?*-. \t\\\x00\u00e9', max_size=24)


@given(st.sampled_from(["", "a=", "a=(", 'a=%"', "a=@", "a=:", '("']), FIELD_TEXT)
@example("a=@", "99999999999999")
@example('a=%"', '%ff"')
def test_no_header_makes_anything_but_a_refusal(start: str, rest: str) -> None:
    try:
        members = parse_dictionary("X", start + rest)
    except FieldRefusedError:
        members = {}
    for value, params in members.values():
        if isinstance(value, list):
            written = serialise_inner_list(value, params)
            assert parse_dictionary("X", f"a={written}")["a"] == (value, params)
