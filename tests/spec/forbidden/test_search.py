from vox_telemetry_spec.forbidden.search import LineSearch


def test_any_pattern_of_any_group_is_found() -> None:
    search = LineSearch([["ab", "cd"], ["(?i)xy"]])
    assert [search.finds(text) for text in ("1ab1", "cd", "XY", "a b", "")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_line_has_ends() -> None:
    search = LineSearch([["^a$"]])
    assert search.finds("b\na\nb")
    assert not search.finds("ba\nab")
