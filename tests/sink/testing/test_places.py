import pytest

from vox_telemetry_sink.testing.places import places_of

DOCUMENT = {
    "events": [{"metadata": {"details": {"lane": "has-Canary-7"}}}, {"canary": 1}],
    "number": 4711.5,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("canary-7", ["/events/0/metadata/details/lane"]),
        ("canary", ["/events/0/metadata/details/lane", "the name at /events/1/canary"]),
        ("4711", ["/number"]),
        ("absent", []),
    ],
)
def test_strings_numbers_and_names_are_searched_in_any_case(text: str, places: list[str]) -> None:
    assert list(places_of(text, DOCUMENT)) == places


def test_a_name_that_no_contract_has_is_not_told() -> None:
    found = list(places_of("@", {"somebody@example.org": {"x": "a@b"}}))
    assert found == ["the name at /*", "/*/x"]


def test_a_bare_text_is_a_place_without_a_pointer() -> None:
    assert list(places_of("x", "axb")) == ["the whole"]
