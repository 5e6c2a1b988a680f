from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.generated import documents, render, table

PAGE = "before\n<!-- generated: a (make docs) -->\nold\n<!-- end of a -->\nafter\n"
FRESH = PAGE.replace("old", "new \\1")


def test_a_part_is_replaced_between_its_comments_and_nowhere_else() -> None:
    assert render(PAGE, {"a": "new \\1"}) == (FRESH, [])
    assert render(FRESH, {"a": "new \\1"}) == (FRESH, [])


def test_a_part_without_a_place_is_named() -> None:
    assert render(PAGE, {"b": "x"}) == (PAGE, ["b"])
    unclosed = PAGE.replace("<!-- end of a -->", "")
    assert render(unclosed, {"a": "x"}) == (unclosed, ["a"])


def test_only_documents_that_differ_are_returned() -> None:
    checkout = Checkout({"one.md": PAGE.encode(), "two.md": FRESH.encode()})
    parts = {"a": "new \\1"}
    assert documents(checkout, {"one.md": parts, "two.md": {**parts, "b": ""}}) == (
        {"one.md": FRESH},
        ["two.md has no place for the generated part 'b'"],
    )


def test_a_bar_or_a_line_end_does_not_break_a_row() -> None:
    assert table(("x", "y"), iter([("a|b", "c\nd")])) == "| x | y |\n| --- | --- |\n| a\\|b | c d |"
