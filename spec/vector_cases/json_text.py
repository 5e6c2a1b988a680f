r"""Strict JSON vectors (wire 5.1): bytes, and the first rule and place that they break.

`value` of a valid case is what the bytes mean; it is left out where a reader of this file may lose
it (numbers at the ends of 64 bit), and then only the refusal matters.
"""

from collections.abc import Iterator

from vector_cases.form import Json, concat, document, invalid, note, raw, text, valid

NOTES = {
    "Plain": note("BASIC", "JSON as RFC 8259 describes it.", "Honest batches are refused."),
    "Number": note(
        "EDGE_CASE", "Numbers at and over the ends of 64 bit integers and of doubles.",
        "Readers of different languages store different numbers.",
    ),
    "NotFinite": note(
        "PARSER_DIFFERENTIAL", "NaN, Infinity, and numbers that overflow to it.",
        "A lenient reader takes them; what it writes is no JSON any more.",
    ),
    "DuplicateName": note(
        "PARSER_DIFFERENTIAL", "A name twice, also when equal only after escapes are read.",
        "The checker sees the last, the store another one: a smuggled path.",
    ),
    "Unicode": note(
        "ENCODING", "Escapes, surrogates, U+0000, byte order marks, bytes that are not UTF-8.",
        "Text that one end cannot store or compares otherwise.",
    ),
    "Depth": note("DENIAL_OF_SERVICE", "Nesting at and over the limit.", "The stack overflows."),
    "Trailing": note("PARSER", "Data after the document.", "What was not checked is signed."),
    "Syntax": note("PARSER", "No JSON at all.", "A lenient parser guesses."),
    "Place": note("BASIC", "The place is told as an RFC 6901 pointer; odd names as `*`.",
                  "Nobody finds the fault, or the answer repeats a secret name."),
    "Large": note("DENIAL_OF_SERVICE", "Long hostile inputs.", "Quadratic time."),
}  # fmt: skip
_MAX_DEPTH = 16


def vectors() -> Json:
    """Return json.v1.json."""
    return document("json", NOTES, [*_valid(), *_invalid(), *_invalid_bytes()])


_VALID: tuple[tuple[str, str, object], ...] = (
    ("Plain", "{}", {}),
    ("Plain", "[]", []),
    ("Plain", '{"a":[1,2.5,true,false,null,"x"]}', {"a": [1, 2.5, True, False, None, "x"]}),
    ("Plain", ' \t\r\n{ "a" :\n1 , "b" : [ ] } \n', {"a": 1, "b": []}),
    ("Plain", '"only a string"', "only a string"),
    ("Plain", "null", None),
    ("Plain", '{"":0}', {"": 0}),
    ("Plain", '{"a":{"a":1},"b":{"a":2}}', {"a": {"a": 1}, "b": {"a": 2}}),
    ("DuplicateName", '{"a":1,"A":2}', {"a": 1, "A": 2}),
    ("DuplicateName Unicode", '{"\\u00e9":1,"e\\u0301":2}', {"\u00e9": 1, "e\u0301": 2}),
    ("Number", "[0,-1,10]", [0, -1, 10]),
    ("Number", "[1.0,0.1,1e2,1E+2,5e-1]", [1.0, 0.1, 100.0, 100.0, 0.5]),
    ("Number", "[1e-400]", [0.0]),
    ("Unicode", '"caf\u00e9 \u20ac \U0001f4e6"', "caf\u00e9 \u20ac \U0001f4e6"),
    ("Unicode", '"\\u0063\\u00e9\\ud83d\\udce6"', "c\u00e9\U0001f4e6"),
    ("Unicode", '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'),
    ("Unicode", '"\\\\u0000"', "\\u0000"),
    ("Unicode", '"\\u0001\u007f\u2028\ufeff"', "\x01\x7f\u2028\ufeff"),
)


def _valid() -> Iterator[Json]:
    for flag, source, value in _VALID:
        yield valid(ascii(source), flag, input=text(source), value=value)
    for source in (
        "9223372036854775807",
        "-9223372036854775808",
        "1.7976931348623157e308",
        "-1.7976931348623157e308",
        "5e-324",
        "[9007199254740993]",
    ):
        yield valid(source, "Number", input=text(source))
    nested = concat(("[", _MAX_DEPTH), ("]", _MAX_DEPTH))
    yield valid("16 arrays", "Depth", input=nested)
    mixed = concat(('{"a":[', _MAX_DEPTH // 2), ("]}", _MAX_DEPTH // 2))
    yield valid("8 objects and 8 arrays", "Depth", input=mixed)
    yield valid("a long string", "Large", input=concat('"', ("x", 1_000_000), '"'))
    yield valid("many escapes", "Large", input=concat('"', ("\\u0041", 100_000), '"'))


_INVALID: tuple[tuple[str, str, str, str], ...] = (
    ("Syntax", "", "json.syntax", ""),
    ("Syntax", " ", "json.syntax", ""),
    ("Syntax", "{", "json.syntax", ""),
    ("Syntax", '{"a":1', "json.syntax", ""),
    ("Syntax", '{"a":1,}', "json.syntax", ""),
    ("Syntax", "[1,]", "json.syntax", "/1"),
    ("Syntax", "{a:1}", "json.syntax", ""),
    ("Syntax", "{'a':1}", "json.syntax", ""),
    ("Syntax", "tru", "json.syntax", ""),
    ("Syntax", "True", "json.syntax", ""),
    ("Syntax", '{"a":1 /* x */}', "json.syntax", ""),
    ("Syntax", '{"a":"x\ny"}', "json.syntax", "/a"),
    ("Syntax", '{"a":"\\x41"}', "json.syntax", "/a"),
    ("Syntax", '{"a":"\\u12g4"}', "json.syntax", "/a"),
    ("Syntax", "[+1]", "json.syntax", "/0"),
    ("Syntax", "[.5]", "json.syntax", "/0"),
    ("Syntax", "\u00a0{}", "json.syntax", ""),
    ("Trailing", "{}{}", "json.trailing-data", ""),
    ("Trailing", "{} x", "json.trailing-data", ""),
    ("Trailing", "1 2", "json.trailing-data", ""),
    ("Trailing", "{}\n{}", "json.trailing-data", ""),
    ("NotFinite", "NaN", "json.not-finite", ""),
    ("NotFinite", '{"a":[0,NaN]}', "json.not-finite", "/a/1"),
    ("NotFinite", '{"a":Infinity}', "json.not-finite", "/a"),
    ("NotFinite", '{"a":-Infinity}', "json.not-finite", "/a"),
    ("NotFinite", "[1e309]", "json.not-finite", "/0"),
    ("NotFinite", "[-1e309]", "json.not-finite", "/0"),
    ("NotFinite", '{"a":1.8e308}', "json.not-finite", "/a"),
    ("Number", "9223372036854775808", "json.number-range", ""),
    ("Number", "-9223372036854775809", "json.number-range", ""),
    ("Number", '{"a":[18446744073709551615]}', "json.number-range", "/a/0"),
    ("DuplicateName", '{"a":1,"a":1}', "json.duplicate-name", "/a"),
    ("DuplicateName", '{"x":{"a":1,"b":2,"a":3}}', "json.duplicate-name", "/x/a"),
    ("DuplicateName", '{"name":1,"n\\u0061me":2}', "json.duplicate-name", "/name"),
    ("DuplicateName", '{"":1,"":2}', "json.duplicate-name", "/*"),
    ("DuplicateName Place", '{"a@b.example":1,"a@b.example":2}', "json.duplicate-name", "/*"),
    ("DuplicateName Unicode", '{"\u00e9":1,"\\u00E9":2}', "json.duplicate-name", "/*"),
    ("Unicode", '{"a":"\\ud83d"}', "json.surrogate", "/a"),
    ("Unicode", '{"a":"\\udce6"}', "json.surrogate", "/a"),
    ("Unicode", '{"a":"\\udce6\\ud83d"}', "json.surrogate", "/a"),
    ("Unicode", '{"a":{"\\ud83d":1}}', "json.surrogate", "/a"),
    ("Unicode", '{"a":"\\u0000"}', "json.nul", "/a"),
    ("Unicode", '{"a":{"b\\u0000":1}}', "json.nul", "/a"),
    ("Unicode", '{"a":"x\x00"}', "json.syntax", "/a"),
    ("Unicode", "\ufeff{}", "json.syntax", ""),
    ("Place", '{"a":{"b":[0,{"c":NaN}]}}', "json.not-finite", "/a/b/1/c"),
    ("Place", '{"a b":NaN}', "json.not-finite", "/*"),
    ("Place", '{"a/b":[NaN]}', "json.not-finite", "/*/0"),
    ("Place", '{"0":NaN}', "json.not-finite", "/*"),
)  # fmt: skip


def _invalid() -> Iterator[Json]:
    for flag, source, rule, pointer in _INVALID:
        comment = ascii(source)[1:-1] or "nothing"
        yield _refused(comment, flag, text(source), rule, pointer)
    deep = _MAX_DEPTH + 1
    yield _refused(
        "17 arrays", "Depth", concat(("[", deep), ("]", deep)), "json.depth", "/0" * _MAX_DEPTH
    )
    objects = concat(('{"a":', deep), "1", ("}", deep))
    yield _refused("17 objects", "Depth", objects, "json.depth", "/a" * _MAX_DEPTH)
    endless = concat(("[", 1_000_000))
    yield _refused("a million arrays", "Depth Large", endless, "json.depth", "/0" * _MAX_DEPTH)
    digits = concat("1", ("0", 1_000_000))
    yield _refused("a million digits", "Number Large", digits, "json.number-range", "")
    quotes = concat('"', ("\\", 1_000_001), '"')
    yield _refused("backslashes without an end", "Syntax Large", quotes, "json.syntax", "")


def _invalid_bytes() -> Iterator[Json]:
    for what, source in {
        "a byte that is in no UTF-8": b'{"a":"\xff"}',
        "an overlong slash": b'{"a":"\xc0\xaf"}',
        "an encoded surrogate": b'{"a":"\xed\xa0\xbd"}',
        "a cut character": b'{"a":"\xe2\x82"}',
        "beyond U+10FFFF": b'{"a":"\xf4\x90\x80\x80"}',
        "Latin-1": "caf\u00e9".encode("latin-1"),
        "UTF-16": "\ufeff{}".encode("utf-16-le"),
    }.items():
        yield _refused(what, "Unicode", raw(source), "json.encoding", "")


def _refused(comment: str, flags: str, source: Json, rule: str, pointer: str) -> Json:
    return invalid(comment, flags, input=source, expected={"rule": rule, "pointer": pointer})
