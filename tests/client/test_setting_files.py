import os
from pathlib import Path

import pytest

from vox_telemetry_client.setting_files import read_policy, read_user_settings
from vox_telemetry_client.switches import FileSays


@pytest.mark.parametrize(
    ("text", "enabled"),
    [
        ("", None),
        ("[telemetry]\n", None),
        ("[telemetry]\nenabled = true\n", True),
        ("[telemetry]\nenabled = false # until the audit\n", False),
        ("enabled = false\n", False),  # the original reads it before any table, too
        ("enabled = true\n[telemetry]\nenabled = false\n", False),
        ("enabled = false\n[telemetry]\nenabled = true\n", False),
        ("[other]\nenabled = false\n", None),
        ("[telemetry.x]\n", "trouble"),
        ("[telemetry]\nenabled_x = false\n", "trouble"),  # the original took it for `enabled`
        ("[telemetry]\nenabeld = false\n", "trouble"),
        ("[telemetry]\nenabled = 0\n", "trouble"),
        ('[telemetry]\nenabled = "false"\n', "trouble"),
        ("[telemetry]\nenabled = off\n", "trouble"),
        ("telemetry = true\n", "trouble"),
        ("[telemetry\n", "trouble"),
        ("x = " + "[" * 20_000, "trouble"),
        ("#" * 65_537, "trouble"),
    ],
)
def test_what_a_policy_says(tmp_path: Path, text: str, enabled: bool | str | None) -> None:
    path = tmp_path / "telemetry-policy.toml"
    path.write_text(text)
    says = read_policy(path)
    assert says.path == str(path)
    assert (bool(says.trouble), says.enabled) == (
        (True, None) if enabled == "trouble" else (False, enabled)
    )


def test_an_absent_policy_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "none" / "telemetry-policy.toml"
    assert read_policy(path) == FileSays(str(path))


def test_a_policy_that_cannot_be_read_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("file/below-a-file", "loop", "fifo", ".", "bytes"):
        assert read_policy(tmp_path / name).trouble, name


def test_a_link_to_a_policy_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("[telemetry]\nenabled = false\n")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read_policy(tmp_path / "link").enabled is False


def test_what_a_user_says(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[editor]\nenabled = false\n[telemetry]\nenabled = true\nmodel_calls = "x"\n'
        'upload_url = " https://sink.example "\nspool_dir = "/var/spool/vox"\n'
        'opt_in_s2 = ["questioning_s2"]\n'
    )
    found = read_user_settings(path)
    assert found.says == FileSays(str(path), enabled=True)
    assert (found.upload_url, found.spool_dir) == ("https://sink.example", Path("/var/spool/vox"))
    assert found.opt_in_s2 == ("questioning_s2",)
    assert "sink.example" not in repr(found)


def test_a_spool_below_the_home(tmp_path: Path, scrubbed_environment: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[telemetry]\nspool_dir = "~/q"\n')
    assert read_user_settings(path).spool_dir == scrubbed_environment / "q"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("remote_upload = false", ""),
        ("enabled = false", ""),
        ("remote_upload = 1", "neither true nor false"),
        ("upload_url = ''", "no text, or a blank one"),
        ("upload_url = 1", "no text, or a blank one"),
        ("spool_dir = 'q'", "neither absolute nor under ~"),
        ("spool_dir = '~nobody-of-that-name/q'", "unknown home"),
        ("opt_in_s2 = 'questioning_s2'", "no list of family names"),
        ("opt_in_s2 = [1]", "no list of family names"),
        ("opt_in = []", "unknown key 'opt_in'"),
    ],
)
def test_what_a_user_says_that_is_off(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[telemetry]\n{line}\n")
    says = read_user_settings(path).says
    assert said in says.trouble
    assert bool(says.trouble) is bool(said)
    assert says.enabled is (None if said else False)


def test_no_home_says_nothing() -> None:
    assert read_user_settings(None).says == FileSays("")
