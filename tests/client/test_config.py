from pathlib import Path

import pytest

from vox_telemetry_client.config import from_env
from vox_telemetry_client.errors import NotConfiguredError


def test_nothing_set_means_the_defaults_below_the_current_folder(tmp_path: Path) -> None:
    config = from_env({}, tmp_path)
    assert config.spool == tmp_path / ".vox" / "telemetry-upload-queue"
    assert config.spool_max_bytes == 10_485_760
    assert (config.upload_url, config.upload_token) == (None, None)


def test_one_repository_has_one_spool(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert from_env({}, deep).spool == tmp_path / ".vox" / "telemetry-upload-queue"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/x/y", "/x/y"),
        ("q", "/here/q"),
        ("  /x  ", "/x"),
        ("   ", "/here/.vox/telemetry-upload-queue"),
    ],
)
def test_the_spool_folder(given: str, expected: str) -> None:
    assert from_env({"VOX_TELEMETRY_SPOOL_DIR": given}, Path("/here")).spool == Path(expected)


@pytest.mark.parametrize("given", ["0", "-1", "10M", "1e6", "٣", "9" * 5_000])
def test_a_quota_that_is_no_number_of_bytes_is_named(given: str) -> None:
    with pytest.raises(
        NotConfiguredError, match=f"VOX_TELEMETRY_SPOOL_MAX_BYTES is '{given}', expected"
    ):
        from_env({"VOX_TELEMETRY_SPOOL_MAX_BYTES": given}, Path("/here"))


def test_neither_secret_shows_in_the_repr() -> None:
    env = {"VOX_TELEMETRY_UPLOAD_URL": "https://u.example", "VOX_TELEMETRY_UPLOAD_TOKEN": "s3cret"}
    shown = repr(from_env(env, Path("/here")))
    assert "s3cret" not in shown
    assert "u.example" not in shown


def test_a_folder_of_nobody_is_named() -> None:
    with pytest.raises(
        NotConfiguredError, match=r"VOX_TELEMETRY_SPOOL_DIR is '~nobody-here/q' and there is no"
    ):
        from_env({"VOX_TELEMETRY_SPOOL_DIR": "~nobody-here/q"}, Path("/here"))
