"""The parser alone: which reason it gives. That it agrees with the quick readers is in test_strict_json."""

import pytest

from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.strict_parser import StrictParser


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "",
            r"json\.syntax at the top: expected a JSON value at character 0 \(the text ends there\)",
        ),
        ("[1;2]", r"json\.syntax at the top: expected ',' at character 2$"),
        ('{"a"=1}', r"json\.syntax at /a: expected ':' at character 4$"),
        ('{"a":1;', r"json\.syntax at the top: expected ',' at character 6$"),
        (
            '{"a":"\\q"}',
            r"json\.syntax at /a: expected a string with valid escapes at character 5$",
        ),
        ("[NaN]", r"json\.not-finite at /0: got NaN or Infinity"),
        ("[1e999]", r"json\.not-finite at /0: a number overflows a double"),
        ("[99999999999999999999]", r"json\.number-range at /0: an integer exceeds 64 bit"),
        ("[" * 17, "nested deeper than 16 levels"),
        ("{} {}", "got more after the document, expected its end"),
        ('{"a":1,"a":2}', r"json\.duplicate-name at /a: the name occurs twice, expected once"),
        ('"\\u0000"', r"a string holds U\+0000"),
        ('"\\udfff"', "half of a surrogate pair"),
    ],
)
def test_a_refusal_says_what_was_expected_where(text: str, reason: str) -> None:
    with pytest.raises(JsonRefusedError, match=reason):
        StrictParser(text).document()


def test_reads_empty_containers_and_inner_space() -> None:
    assert StrictParser(' { "a" : [ ] , "b" : { } } ').document() == {"a": [], "b": {}}
