"""The plain reader and writer against http_sf, which knows the whole of RFC 9651."""

from typing import Any

import http_sf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vox_telemetry_spec.plain_fields import (
    plain_bytes,
    plain_inner_list,
    plain_item,
    read_plain_member,
    read_plain_string,
)

INPUT = (
    'vox=("@method" "@authority" "content-digest");created=1700000000;keyid="k-_9"'
    ';alg="ed25519";nonce="a b!~";tag="vox-usage-batch"'
)
SEEDS = [
    INPUT,
    "vox=:YWJj:",
    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    'x=("a");p=1',
]
PIECES = [
    *'abz*_.-=;:,()"\\ \t?@AZ019+/é\x00\n~',
    ";p=1",
    ";p=1;p=2",
    '"a"',
    "=:YQ==:",
    "=:YR==:",
    "=:YQ:",
    ";q",
    ";q=?1",
    "1.5",
    "9" * 15,
    "9" * 16,
    "-0",
    '""',
    "()",
]


def general(header: str) -> Any:
    """Parse with http_sf alone; None for what it refuses, or where a name comes twice."""
    repeated: list[str] = []
    try:
        members = http_sf.parse(
            header.encode("ascii"),
            tltype="dictionary",
            on_duplicate_key=lambda key, _: repeated.append(key),
        )
    except (http_sf.StructuredFieldError, UnicodeEncodeError):
        return None
    return None if repeated else members


def typed(value: Any) -> Any:
    """Tell a token from a string and True from 1, which compare equal."""
    if isinstance(value, dict):
        return {key: typed(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [typed(member) for member in value]
    return type(value), value


@st.composite
def nearly_plain(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 3)))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[end:]
    return text


@given(nearly_plain() | st.text(st.sampled_from("".join(PIECES)), max_size=30))
@example(INPUT)
@example('x=("a" "a")')
@example('x=("a"  "b")')
@example('x=("a");p=1;p=1')
@example('x=("a");created=-0')
@example('x=("a");created=9999999999999999')
@example('x=("a");created=1.0')
@example("x=:YR==:")
@example("x=:YQ:")
@example(" x=:YQ==:")
@example('x=("a")\n')
def test_what_is_read_is_what_the_general_parser_reads(header: str) -> None:
    plain = read_plain_member(header)
    if plain is None:
        return
    members = general(header)
    assert members is not None, "taken, and http_sf refuses it"
    assert typed({plain.label: (plain.value, plain.params)}) == typed(members)


@pytest.mark.parametrize("header", SEEDS)
def test_what_our_client_writes_is_plain(header: str) -> None:
    assert read_plain_member(header) is not None


@given(st.text(st.sampled_from('"\\ab;=p \té\x00~'), max_size=12))
@example('"a"')
@example('"a\\"b"')
@example('"a";p')
def test_a_string_that_is_read_is_what_the_general_parser_reads(header: str) -> None:
    plain = read_plain_string(header)
    if plain is not None:
        assert typed(http_sf.parse(header.encode("ascii"), tltype="item")) == typed((plain, {}))


VALUES = (
    st.text(max_size=6)
    | st.text(st.sampled_from('ab~ !#"\\'), max_size=6)
    | st.integers(-(10**16), 10**16)
    | st.booleans()
    | st.binary(max_size=3)
    | st.just(http_sf.Token("tok"))
)
KEYS = st.sampled_from(["created", "keyid", "req", "key", "*", "a.b"]) | st.text(max_size=3)
PARAMS = st.dictionaries(KEYS, VALUES, max_size=3)


@given(st.lists(st.tuples(VALUES, PARAMS), max_size=4), PARAMS)
def test_a_list_is_written_as_the_general_writer_writes_it(components: Any, params: Any) -> None:
    plain = plain_inner_list(components, params)
    if plain is not None:
        assert f"x={plain}" == http_sf.ser({"x": (components, params)})


@given(VALUES, PARAMS)
@example("signature", {"req": True, "key": "vox"})
def test_an_item_is_written_as_the_general_writer_writes_it(value: Any, params: Any) -> None:
    plain = plain_item(value, params)
    if plain is not None:
        assert f"x=({plain})" == http_sf.ser({"x": ([(value, params)], {})})


def test_what_uploads_and_receipts_cover_is_written_plainly() -> None:
    assert plain_item("@method", {}) == '"@method"'
    assert plain_item("signature", {"req": True, "key": "vox"}) == '"signature";req;key="vox"'
    assert plain_inner_list([("a", {})], {"created": 1, "tag": "t"}) == '("a");created=1;tag="t"'


@given(st.binary(max_size=40))
def test_bytes_are_written_as_the_general_writer_writes_them(raw: bytes) -> None:
    assert plain_bytes(raw) == http_sf.ser(raw)
