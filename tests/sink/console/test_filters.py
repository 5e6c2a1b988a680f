import pytest

from vox_telemetry_sink.console.filters import (
    FamiliesFilter,
    KeysFilter,
    NoFilter,
    RejectionsFilter,
    query_of,
    read_filter,
)
from vox_telemetry_sink.errors import ConsoleRefusalError


def test_nothing_chosen_is_the_default() -> None:
    assert read_filter([], FamiliesFilter) == FamiliesFilter(days=30, family="")
    assert read_filter([("days", "30"), ("family", "")], FamiliesFilter) == FamiliesFilter()


def test_a_filter_and_its_address_are_the_same() -> None:
    chosen = RejectionsFilter(days=7, rule="contract.type", key="a&b=c")
    assert query_of(chosen) == "?days=7&rule=contract.type&key=a%26b%3Dc"
    assert query_of(KeysFilter()) == ""


@pytest.mark.parametrize(
    ("pairs", "kind"),
    [
        ([("days", "31")], FamiliesFilter),
        ([("days", "")], FamiliesFilter),
        ([("days", "1e1")], FamiliesFilter),
        ([("days", "7"), ("days", "7")], FamiliesFilter),
        ([("family", "x" * 201)], FamiliesFilter),
        ([("family", "a\0b")], FamiliesFilter),
        ([("state", "asleep")], KeysFilter),
        ([("color", "purple")], RejectionsFilter),
        ([("days", "7")], NoFilter),
    ],
)
def test_a_filter_that_cannot_be_is_refused_in_words_that_repeat_nothing(
    pairs: list[tuple[str, str]], kind: type
) -> None:
    with pytest.raises(ConsoleRefusalError, match="cannot be filtered as its address says") as info:
        read_filter(pairs, kind)
    assert info.value.status == 400
    assert not any(value in info.value.words for _, value in pairs if len(value) > 2)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (NoFilter, "It takes no filter."),
        (KeysFilter, "is one of: state, text. A text has at most 200 characters."),
        (
            FamiliesFilter,
            "is one of: days, family. Days are 1, 7, 30 or 90. A text has at most 200 characters.",
        ),
    ],
)
def test_the_refusal_says_which_filters_the_page_takes(kind: type, said: str) -> None:
    with pytest.raises(ConsoleRefusalError) as info:
        read_filter([("color", "purple")], kind)
    assert info.value.words.endswith(said)
