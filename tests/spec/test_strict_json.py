import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.costs import cost_s
from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.limits import JSON_PLACED_MAX_CHARS
from vox_telemetry_spec.strict_json import decode, encode
from vox_telemetry_spec.strict_parser import StrictParser

REFUSED = [
    # bytes, rule, pointer
    (b"", "json.syntax", ""),
    (b" \n", "json.syntax", ""),
    (b"\xef\xbb\xbf{}", "json.syntax", ""),  # RFC 8259 8.1: no byte order mark
    (b"{", "json.syntax", ""),
    (b"[", "json.syntax", "/0"),
    (b'{"a"', "json.syntax", "/a"),
    (b'{"a" 1}', "json.syntax", "/a"),
    (b'{"a":}', "json.syntax", "/a"),
    (b'{"a":1,}', "json.syntax", ""),
    (b'{"a":1 "b":2}', "json.syntax", ""),
    (b"{a:1}", "json.syntax", ""),
    (b"{1:1}", "json.syntax", ""),
    (b"{'a':1}", "json.syntax", ""),
    (b"[1,]", "json.syntax", "/1"),
    (b"[1 2]", "json.syntax", ""),
    (b"[,1]", "json.syntax", "/0"),
    (b'[{"b":[tru]}]', "json.syntax", "/0/b/0"),
    (b"nul", "json.syntax", ""),
    (b"TRUE", "json.syntax", ""),
    (b"+1", "json.syntax", ""),
    (b".5", "json.syntax", ""),
    (b"-", "json.syntax", ""),
    (b"\xd9\xa1", "json.syntax", ""),  # an Arabic-Indic digit
    (b'"a', "json.syntax", ""),
    (b'"\t"', "json.syntax", ""),
    (b'"\\x41"', "json.syntax", ""),
    (b'"\\u12g4"', "json.syntax", ""),
    (b'"\\u 123"', "json.syntax", ""),
    (b'"\\', "json.syntax", ""),
    (b"\xc2\xa0{}", "json.syntax", ""),  # no-break space is no white space
    (b"\x0c{}", "json.syntax", ""),
    (b"// note\n{}", "json.syntax", ""),
    (b"01", "json.trailing-data", ""),
    (b"1.", "json.trailing-data", ""),
    (b"1e", "json.trailing-data", ""),
    (b"0x10", "json.trailing-data", ""),
    (b"1_000", "json.trailing-data", ""),
    (b"{}{}", "json.trailing-data", ""),
    (b"{}\x00", "json.trailing-data", ""),
    (b"nulll", "json.trailing-data", ""),
    (b"[1]]", "json.trailing-data", ""),
    (b'{"a":1,"a":1}', "json.duplicate-name", "/a"),
    (b'{"a":1,"\\u0061":2}', "json.duplicate-name", "/a"),
    (b'[0,{"m":{"x":1,"y":2,"x":3}}]', "json.duplicate-name", "/1/m/x"),
    (b'{"a@b.c":1,"a@b.c":2}', "json.duplicate-name", "/*"),
    (b'{"":1,"":2}', "json.duplicate-name", "/*"),
    (b'{"v":NaN}', "json.not-finite", "/v"),
    (b"[Infinity]", "json.not-finite", "/0"),
    (b"[-Infinity]", "json.not-finite", "/0"),
    (b"[-NaN]", "json.not-finite", "/0"),
    (b"[1e400]", "json.not-finite", "/0"),
    (b"[-1e400]", "json.not-finite", "/0"),
    (b"[1" + b"0" * 400 + b".0]", "json.not-finite", "/0"),
    (b"[9223372036854775808]", "json.number-range", "/0"),
    (b"[-9223372036854775809]", "json.number-range", "/0"),
    (b"[18446744073709551616]", "json.number-range", "/0"),
    (b'{"v":1' + b"0" * 99 + b"}", "json.number-range", "/v"),
    (b'["\\ud800"]', "json.surrogate", "/0"),
    (b'["\\udc00\\ud800"]', "json.surrogate", "/0"),
    (b'{"\\ud800":1}', "json.surrogate", ""),
    (b'{"a":"x\\u0000y"}', "json.nul", "/a"),
    (b'{"\\u0000":1}', "json.nul", ""),
    (b'"\xff"', "json.encoding", ""),
    (b'"\xed\xa0\x80"', "json.encoding", ""),  # a surrogate in UTF-8
    (b'"\xc0\x80"', "json.encoding", ""),  # an overlong NUL
    (b'"\xf4\x90\x80\x80"', "json.encoding", ""),  # beyond U+10FFFF
    ('"a"'.encode("utf-16"), "json.encoding", ""),
    (b"[" * 17 + b"]" * 17, "json.depth", "/0" * 16),
    (b'{"a":' * 17 + b"1" + b"}" * 17, "json.depth", "/a" * 16),
    (b" [" * 17 + b"]" * 17, "json.depth", "/0" * 16),
]

ACCEPTED: list[tuple[bytes, Any]] = [
    (b"null", None),
    (b"true", True),
    (b" false\r\n\t", False),
    (b"[1,1.0,true]", [1, 1.0, True]),
    (b"[-0,-0.0,0]", [0, -0.0, 0]),
    (b"[1e5,1E+5,1.5e-3]", [100000.0, 100000.0, 0.0015]),
    (b"[1e-400]", [0.0]),
    (b"[9223372036854775807,-9223372036854775808]", [2**63 - 1, -(2**63)]),
    (b"[9007199254740993]", [9007199254740993]),
    (b'["\\ud83d\\ude00","\\/\\b\\u00e9"]', ["\U0001f600", "/\b\u00e9"]),
    (b'"\x7f\xe2\x80\xa8"', "\x7f\u2028"),
    (b'{"b":1,"a":{"b":2}}', {"b": 1, "a": {"b": 2}}),
    (b'{"":0}', {"": 0}),
    (b'{"a":"1234567890123456789012"}', {"a": "1234567890123456789012"}),
    (b'"\\\\u0000"', "\\u0000"),  # a backslash and letters, not a NUL
    (b"[" * 16 + b"]" * 16, json.loads("[" * 16 + "]" * 16)),
    (b" [" * 16 + b"]" * 16, json.loads("[" * 16 + "]" * 16)),
    # RFC 8785 appendix B: doubles at the edges of the format.
    (b"[5e-324,-5e-324,1.7976931348623157e308]", [5e-324, -5e-324, 1.7976931348623157e308]),
    (b"[9007199254740992.0,2.9514790517935283e+20]", [9007199254740992.0, 2.9514790517935283e20]),
    (
        b"[333333333.33333329,1e23,9.999999999999997e22]",
        [333333333.3333333, 1e23, 9.999999999999997e22],
    ),
    (b"[0.000001,1.0000000000000001e+23]", [1e-06, 1.0000000000000001e23]),
]


def _typed(value: Any) -> Any:
    """Make 1, 1.0 and True differ, and 0.0 and -0.0."""
    if isinstance(value, dict):
        return {name: _typed(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_typed(member) for member in value]
    sign = math.copysign(1.0, value) if isinstance(value, float) else None
    return type(value).__name__, value, sign


@pytest.mark.parametrize(("raw", "rule", "pointer"), REFUSED)
def test_what_is_not_strict_is_refused_at_its_place(raw: bytes, rule: str, pointer: str) -> None:
    with pytest.raises(JsonRefusedError) as caught:
        decode(raw)
    assert (caught.value.rule, caught.value.pointer) == (rule, pointer)


@pytest.mark.parametrize(("raw", "value"), ACCEPTED)
def test_the_rest_is_read_with_its_types(raw: bytes, value: Any) -> None:
    assert _typed(decode(raw)) == _typed(value)
    assert _typed(StrictParser(raw.decode()).document()) == _typed(value)


def test_no_refusal_repeats_a_value() -> None:
    for raw in (
        b'{"a":"hunter2","a":"hunter2"}',
        b'{"a":hunter2}',
        b'["hunter2\\u0000"]',
        b'{"hunter2@example.org":1,"hunter2@example.org":1}',
        b'"hunter2\xff"',
    ):
        with pytest.raises(JsonRefusedError) as caught:
            decode(raw)
        assert "hunter2" not in str(caught.value)


def test_canonical_bytes_keep_the_order_and_hold_no_space() -> None:
    assert encode({"b": [1, 1.5, None], "a": "\u00e9"}) == '{"b":[1,1.5,null],"a":"é"}'.encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'"\\u0000"' * 150_000,
        b'"' + b"\\u0000" * 170_000 + b'"',
        b"9" * 1_000_000,
        b"[" + b"9" * 1_000_000 + b"]",
        b"[1e" + b"9" * 1_000_000 + b"]",
        b"\\" * 1_000_000,
        b'"' + b"\\" * 1_000_001,
        b'"' + b"\\\\" * 500_000 + b"\\",
        b" " * 1_000_000,
        b"[" + b" " * 1_000_000 + b"x",
        b'"' + b"a" * 1_000_000,
        b"-" * 1_000_000,
        b'{"a":1,' * 150_000,
        b"[" + b'{"a":1},' * 8_000,  # 64 kB: the parser needs about 1 us a byte
    ],
    ids=lambda raw: repr(raw[:8]),
)
def test_hostile_megabytes_are_refused_in_time_that_grows_with_their_length(raw: bytes) -> None:
    def refuse(what: bytes) -> None:
        with pytest.raises(JsonRefusedError):
            decode(what)

    # Sixteen times the length costs about 16 times as much; 256 times where it is quadratic.
    assert cost_s(lambda: refuse(raw)) < 128 * cost_s(lambda: refuse(raw[: len(raw) // 16]))


@pytest.mark.parametrize(
    "raw",
    [
        b"[0.00012345678901234567]",
        b"[1764000000000000000,-9223372036854775808,9223372036854775807]",
        b'{"a":"bench:1234567890123456789","b":"12345678901234567890"}',
        b"[" * 16 + b"]" * 16,
    ],
)
def test_long_digits_and_the_last_allowed_level_keep_the_quick_way(
    raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A tripwire in place of the slow parser: real seconds have such fractions, and epochs such digits.
    monkeypatch.setattr(
        StrictParser, "document", lambda _: pytest.fail("the slow parser was asked")
    )
    assert encode(decode(raw)) == raw
    assert encode(decode(raw.replace(b",", b", "))) == raw


@pytest.mark.parametrize(
    ("tail", "rule"),
    [
        (b"", "json.syntax"),
        (b"1]]", "json.trailing-data"),
        (b"1e400]", "json.not-finite"),
        (b"9223372036854775808]", "json.number-range"),
        (b"NaN]", "json.syntax"),  # no JSON reader takes it
        (b'{"a":1,"a":2}]', "json.duplicate-name"),
        (b'"\\u0000"]', "json.nul"),
        (b"[" * 17 + b"]" * 18, "json.depth"),
    ],
)
def test_a_fault_far_inside_has_a_rule_and_no_place(
    tail: bytes, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = 0
    parse = StrictParser._value

    def count(*args: Any) -> Any:
        nonlocal values
        values += 1
        return parse(*args)

    monkeypatch.setattr(StrictParser, "_value", count)
    with pytest.raises(JsonRefusedError) as caught:
        decode(b"[" + b"1," * 500_000 + tail)
    assert (caught.value.rule, caught.value.pointer) == (rule, "")
    assert values < JSON_PLACED_MAX_CHARS


def test_a_fault_near_the_beginning_of_megabytes_is_placed() -> None:
    with pytest.raises(JsonRefusedError) as caught:
        decode(b'[0,{"a":NaN},' + b"1," * 500_000 + b"1]")
    assert (caught.value.rule, caught.value.pointer) == ("json.not-finite", "/1/a")


@pytest.mark.parametrize("item", [b'"\\\\u0000"', b'{"a":[[[[[[[[[[1]]]]]]]]]]}', b"1 ", b"1.0e5"])
def test_unusual_megabytes_that_are_fine_do_not_need_the_slow_parser(
    item: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        StrictParser, "document", lambda _: pytest.fail("the slow parser was asked")
    )
    raw = b"[" + item + (b"," + item) * 20_000 + b"]"
    assert decode(raw) == json.loads(raw)


# Integers of 64 bit, finite doubles, no NUL and no surrogates: what strict JSON can hold.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FORMATS = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 2, "\t"]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([None, (",", ":"), (" ,\r\n", "\t: ")]),
    }
)


@given(VALUES, FORMATS)
@example([1, 1.0, True, -0.0], {"separators": (",", ":")})
@example({"a": 1e22, "b": 12345678901234567890.0}, {})
def test_whatever_the_formatting_the_value_is_the_library_s(
    value: Any, form: dict[str, Any]
) -> None:
    text = json.dumps(value, **form)
    expected = _typed(json.loads(text))
    assert _typed(decode(text.encode())) == expected
    assert _typed(StrictParser(text).document()) == expected


@given(VALUES)
def test_what_is_encoded_decodes_to_itself(value: Any) -> None:
    assert _typed(decode(encode(value))) == _typed(value)


def _outcome(read: Any, given_: Any) -> Any:
    try:
        return _typed(read(given_))
    except JsonRefusedError as error:
        return error.rule, error.pointer


PIECES = st.sampled_from(
    [
        *'{}[],:"\\ \n019-+.eE',
        "null", "true", "NaN", "Infinity", "1e400", "1e5", "-0", "-0.0", "1.0", '"a"', '"a":', '"\\u0061":',
        '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', "9223372036854775808", "18446744073709551616", "1" + "0" * 25,
        "[" * 15, "]" * 15, "\u00e9", '"\u20ac"', "0.1", "1E-7", "5e-324",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
@example('{"a":1,"a":1}')
@example('[{"a":1,"\\u0061":1}]')
@example("[1e400]")
@example("[100000000000000000000000000]")
def test_the_quick_readers_vouch_for_nothing_that_the_parser_refuses(text: str) -> None:
    assert _outcome(decode, text.encode()) == _outcome(lambda t: StrictParser(t).document(), text)


@given(st.lists(PIECES, max_size=14).map("".join))
@example('["\\u0000"]')
@example("[1e-400]")
def test_what_the_first_reader_refuses_the_parser_refuses(text: str) -> None:
    """For of megabytes, its word is taken."""
    try:
        msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        with pytest.raises(JsonRefusedError):
            StrictParser(text).document()


@given(VALUES, st.data())
def test_a_mutated_document_means_the_same_to_every_reader(value: Any, data: st.DataObject) -> None:
    raw = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from(
                [b"", b'"', b"\\", b"1", b".", b"e9", b",", b"]", b"}", b"[", b'"a":1,', b" ", b"-"]
            )
        )
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        with pytest.raises(JsonRefusedError, match=r"json\.encoding"):
            decode(bytes(raw))
        return
    assert _outcome(decode, bytes(raw)) == _outcome(lambda t: StrictParser(t).document(), text)
