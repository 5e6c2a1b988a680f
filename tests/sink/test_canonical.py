import pytest

from vox_telemetry_sink.canonical import same_json


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a": 1, "b": 2}', b'{"b":2,"a":1}'),
        (b"1", b"1.0"),
        (b"1e23", b"100000000000000000000000"),
        (b"-0.0", b"0"),
        (b'"\\u00e9"', '"\u00e9"'.encode()),
        (b"[true, null]", b"[true,null]"),
    ],
)
def test_the_same_document_written_otherwise_is_the_same(one: bytes, other: bytes) -> None:
    assert same_json(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"true", b"1"),
        (b"false", b"0"),
        (b"null", b"0"),
        (b'"1"', b"1"),
        (b"1", b"1.0000000000000000000001"),
        (b"[1,2]", b"[2,1]"),
        (b"[1]", b"[1,1]"),
        (b'{"a":1}', b'{"a":1,"b":1}'),
        (b'{"a":{"b":1}}', b'{"a":{"b":2}}'),
        (b"{}", b"[]"),
    ],
)
def test_another_document_is_another(one: bytes, other: bytes) -> None:
    assert not same_json(one, other)
