from pathlib import PurePosixPath, PureWindowsPath

import pytest

from vox_telemetry_client.disclosure.visible import at_home, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":"b <c> é 漢"}', '{"a":"b <c> é 漢"}'),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x00\x1b[31m\r", r"\x00\x1b[31m\r"),
        ("a\u202eb\u200bc", r"a\u202eb\u200bc"),
        ("\ud800", r"\ud800"),
        ("\u00a0", r"\xa0"),
        ("a\ufe00b\U000e0101c\u3164", r"a\ufe00b\U000e0101c\u3164"),
        ("\u034f\u2800\x00", r"\u034f\u2800\x00"),
    ],
)
def test_what_has_no_picture_is_spelt_out(text: str, expected: str) -> None:
    assert visible(text) == expected


@pytest.mark.parametrize(
    ("text", "home", "expected"),
    [
        ("/home/op/q", PurePosixPath("/home/op"), "~/q"),
        ("/home/op", PurePosixPath("/home/op"), "~"),
        ("/home/operator/q", PurePosixPath("/home/op"), "/home/operator/q"),
        ("'/home/op/a' and /home/op/b", PurePosixPath("/home/op"), "'~/a' and ~/b"),
        ("/", PurePosixPath("/"), "/"),
        ("'//etc/vox'", PurePosixPath("/"), "'//etc/vox'"),
        ("to https://t.example/v1", PurePosixPath("/"), "to https://t.example/v1"),
        (r"C:\Users\op\q", PureWindowsPath(r"C:\Users\op"), "~/q"),
        ("/home/op/q", None, "/home/op/q"),
        ("/srv/home/op/q", PurePosixPath("/home/op"), "/srv/home/op/q"),
        ("run: chmod 700 '/home/op/q'", PurePosixPath("/home/op"), "run: chmod 700 '~/q'"),
        ("data/q", PurePosixPath("data"), "data/q"),
    ],
)
def test_the_home_folder_is_a_tilde(text: str, home: PurePosixPath | None, expected: str) -> None:
    assert at_home(text, home) == expected
