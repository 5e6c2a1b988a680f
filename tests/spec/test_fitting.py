import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vox_telemetry_spec.fitting import _lines, all_fit

TOKEN = r"^[A-Za-z0-9_.:+-]{1,128}$"
SESSION = r"^bench:[A-Za-z0-9_.+-]{1,128}$"


@pytest.mark.parametrize("pattern", [TOKEN, SESSION, r"^\.?[a-z]{2}$", r"^[a-f0-9]{64}$"])
def test_tokens_are_compared_in_one_walk(pattern: str) -> None:
    assert _lines(pattern) is not None


@pytest.mark.parametrize(
    "pattern", ["", "^a", "a$", "^.$", "^[^a]$", r"^\s$", r"^a\n$", "^(a|b)$", "^a*$", r"^[\n]$"]
)
def test_what_might_match_a_line_break_is_compared_text_by_text(pattern: str) -> None:
    assert _lines(pattern) is None


@pytest.mark.parametrize(
    ("texts", "fit"),
    [
        ({"a"}, True),
        ({"a", "b:c"}, True),
        (set(), True),
        ({""}, False),
        ({"a", ""}, False),
        ({"a\nb"}, False),
        ({"a\n"}, False),
        ({"a", "\nb"}, False),
        ({"n" * 128}, True),
        ({"n" * 129}, False),
        ({"\u00e9"}, False),
    ],
)
def test_all_fit_or_not(texts: set[str], fit: bool) -> None:
    assert all_fit(TOKEN, texts) is fit


@given(
    st.sets(st.text("ab:\n.", max_size=4), max_size=5),
    st.sampled_from([TOKEN, "^[ab]{2}$", r"^a\.?b$", "^[^:]{0,3}$", "^(?:a|b)$"]),
)
def test_together_and_one_by_one_agree(texts: set[str], pattern: str) -> None:
    alone = re.compile(f"{pattern[:-1]}\\Z")
    assert all_fit(pattern, texts) == all(alone.search(text) for text in texts)
