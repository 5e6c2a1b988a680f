"""Redaction of tool arguments, and the keyed hash."""

import re

import pytest

from vox_telemetry_spec.errors import SaltRefusedError
from vox_telemetry_spec.redaction import ToolArgsMode, keyed_hash, redact_tool_args, tool_args_mode
from vox_telemetry_spec.strict_json import JsonValue

# Facts 2: XXH3-64, seed 0, over sorted compact JSON, computed apart from this code.
VECTORS = [
    ({}, "xxh3:1349cde127705c16"),
    (None, "xxh3:b785b6ec423c44e1"),
    ([], "xxh3:831154110e30ac6a"),
    ({"path": "src/main.rs"}, "xxh3:d86cc01fedb6896f"),
    ({"a": 2, "b": 1}, "xxh3:8683a16a20e8c404"),
    ({"b": 1, "a": 2}, "xxh3:8683a16a20e8c404"),
    ({"q": "héllo"}, "xxh3:8ff78750accbf380"),
]
SECRET = {"path": "/home/alice/x"}


@pytest.mark.parametrize(("arguments", "expected"), VECTORS)
def test_the_hash_is_the_originals(arguments: JsonValue, expected: str) -> None:
    assert redact_tool_args(arguments, ToolArgsMode.HASH) == expected


def test_nested_names_are_sorted_too() -> None:
    one = redact_tool_args({"x": [{"b": 1, "a": {"d": 1, "c": 2}}]}, ToolArgsMode.HASH)
    other = redact_tool_args({"x": [{"a": {"c": 2, "d": 1}, "b": 1}]}, ToolArgsMode.HASH)
    assert one == other


def test_full_keeps_omit_drops_and_the_default_is_omit() -> None:
    assert redact_tool_args(SECRET, ToolArgsMode.FULL) is SECRET
    assert redact_tool_args(SECRET, ToolArgsMode.OMIT) is None
    assert redact_tool_args(SECRET) is None


def test_what_cannot_be_written_is_left_out() -> None:
    assert redact_tool_args({"a": "\ud800"}, ToolArgsMode.HASH) is None


@pytest.mark.parametrize(
    ("setting", "mode"),
    [
        ("full", "full"),
        ("FULL", "full"),
        ("hash", "hash"),
        ("Redact", "hash"),
        ("omit", "omit"),
        ("none", "omit"),
        (None, "omit"),
        ("", "omit"),
        # Not trimmed, as in the original; what is unknown fails closed, unlike there.
        (" full", "omit"),
        ("full\n", "omit"),
        ("ful", "omit"),
        ("true", "omit"),
        ("hashed", "omit"),
    ],
)
def test_modes_are_read_in_any_case_and_fail_closed(setting: str | None, mode: str) -> None:
    assert tool_args_mode(setting).value == mode


def test_keyed_hash_is_hmac_sha_256() -> None:
    # RFC 4231, test case 3 (a key of 20 bytes) is too short for us; case 6 has 131 bytes.
    text = "Test Using Larger Than Block-Size Key - Hash Key First"
    expected = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    assert keyed_hash(text, b"\xaa" * 131) == f"hmac-sha256:{expected}"


def test_keyed_hash_is_a_token_of_the_contracts() -> None:
    for value in ("", "héllo", "\ud800", "x" * 100_000):
        assert re.fullmatch(r"[A-Za-z0-9_.:+-]{1,128}", keyed_hash(value, b"s" * 32))


def test_another_salt_gives_another_hash() -> None:
    assert keyed_hash("vox", b"a" * 32) != keyed_hash("vox", b"b" * 32)


@pytest.mark.parametrize("salt", [b"", b"s" * 31])
def test_a_short_salt_is_refused(salt: bytes) -> None:
    with pytest.raises(
        SaltRefusedError, match=rf"got a salt of {len(salt)} bytes, expected at least 32"
    ):
        keyed_hash("vox", salt)
