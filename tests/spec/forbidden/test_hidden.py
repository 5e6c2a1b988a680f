"""Whatever `decode` reads out of a token, the patterns find."""

import base64
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vox_telemetry_spec.forbidden.decode import decoded_texts
from vox_telemetry_spec.forbidden.hidden import BASE64_INSIDE, BASE64_WHOLE, HEX
from vox_telemetry_spec.forbidden.search import LineSearch

SEARCH = LineSearch([BASE64_WHOLE, BASE64_INSIDE, HEX])
TOKEN = string.ascii_letters + string.digits + "_.:+-"
TEXTS = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=4, max_size=30),
    st.text(
        st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc"]),
        min_size=16,
        max_size=24,
    ),
    st.text("\t\n\r /~@ab\u00e9\u20ac", min_size=4, max_size=24),
)
AROUND = st.text(TOKEN, max_size=5)


def assert_found(token: str) -> None:
    assert not list(decoded_texts(token)) or SEARCH.finds(token)


@given(
    TEXTS, st.sampled_from(["utf-8", "utf-16-le", "latin-1"]), AROUND, AROUND, st.binary(max_size=3)
)
@settings(max_examples=200, deadline=None)
@example("/tmp", "utf-8", "", "", b"")
def test_a_text_in_base64_is_found(
    text: str, encoding: str, before: str, after: str, noise: bytes
) -> None:
    raw = noise + text.encode(encoding, errors="replace")
    for hidden in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        assert_found(before + hidden.decode().rstrip("=").replace("/", "_") + after)


@given(TEXTS, st.sampled_from(["utf-8", "utf-16-le"]), AROUND, AROUND, st.data())
@settings(max_examples=200, deadline=None)
def test_a_text_in_hex_is_found(
    text: str, encoding: str, before: str, after: str, data: st.DataObject
) -> None:
    marks = data.draw(st.lists(st.sampled_from(["", ":", ".", "-", "_"]), min_size=1, max_size=4))
    pairs = [f"{byte:02x}" for byte in text.encode(encoding)]
    hidden = "".join(pair + marks[at % len(marks)] for at, pair in enumerate(pairs))
    shift = data.draw(st.sampled_from(["", "a", "0", "0x", "f.", "12345."]))
    assert_found(before + shift + hidden + after)
    assert_found(before + shift + hidden.upper() + after)


@given(st.text("0123456789abcdef:.-_x", min_size=8, max_size=48))
@settings(max_examples=500, deadline=None)
@example("112233445.2f686f6d")
@example("1.2f.68.6f.6d")
@example("202020200:00")
def test_whatever_decodes_is_found_among_digits(token: str) -> None:
    assert_found(token)


@given(st.text(TOKEN, min_size=6, max_size=48))
@settings(max_examples=500, deadline=None)
def test_whatever_decodes_is_found_among_tokens(token: str) -> None:
    assert_found(token)


@pytest.mark.parametrize(
    "text", ["a\u00e9" * 8, "aaaaaaa\u00e9" * 2, "\u00e9" * 16, "\u20ac" * 16, "\uffee" * 16]
)
def test_the_shortest_text_of_other_letters_is_found(text: str) -> None:
    hidden = base64.b64encode(text.encode()).decode().rstrip("=")
    assert LineSearch([BASE64_WHOLE]).finds(hidden)
    assert LineSearch([HEX]).finds(text.encode().hex())


def test_random_digests_are_not_found() -> None:
    for token in ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "cargo_build", "test_re"):
        assert not SEARCH.finds(token)
