import pytest

from vox_telemetry_spec.violations import HIDDEN_NAME, Violation, child


@pytest.mark.parametrize("name", ["a", "metadata", "metric_value", "A1", "x" * 64])
def test_names_that_contracts_declare_are_shown(name: str) -> None:
    assert child("/up", name) == f"/up/{name}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "alice@example.org",
        "/home/alice",
        "a/b",
        "a~b",
        "a b",
        "a-b",
        "1a",
        "_a",
        "x" * 65,
        "a\n",
        "\u0430",
    ],
)
def test_any_other_name_is_hidden(name: str) -> None:
    assert child("", name) == f"/{HIDDEN_NAME}"


def test_an_index_is_shown() -> None:
    assert child("/events", 0) == "/events/0"


def test_violations_sort_by_event_then_place() -> None:
    found = [
        Violation(1, "/a", "x"),
        Violation(0, "/b", "x"),
        Violation(0, "/a", "y"),
        Violation(0, "/a", "x"),
    ]
    assert [(v.event, v.pointer, v.rule) for v in sorted(set(found))] == [
        (0, "/a", "x"),
        (0, "/a", "y"),
        (0, "/b", "x"),
        (1, "/a", "x"),
    ]
