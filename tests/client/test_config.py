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


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "/here/.vox/telemetry-store/metrics.sqlite3"),
        (" ", "/here/.vox/telemetry-store/metrics.sqlite3"),
        ("m.db", "/here/m.db"),
        (" /x/m.db ", "/x/m.db"),
    ],
)
def test_the_local_stores_place(given: str | None, expected: str) -> None:
    environ = {} if given is None else {"VOX_TELEMETRY_DB": given}
    assert from_env(environ, Path("/here")).store == Path(expected)


def test_one_repository_has_one_store(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    found = from_env({}, tmp_path / "a").store
    assert found == tmp_path / ".vox" / "telemetry-store" / "metrics.sqlite3"


@pytest.mark.parametrize("variable", ["VOX_TELEMETRY_SPOOL_DIR", "VOX_TELEMETRY_DB"])
def test_a_folder_of_nobody_is_named(variable: str) -> None:
    with pytest.raises(
        NotConfiguredError, match=rf"{variable} is '~nobody-here/q' and there is no"
    ):
        from_env({variable: "~nobody-here/q"}, Path("/here"))


def test_a_key_file_is_named_or_there_is_none(tmp_path: Path) -> None:
    assert from_env({}, tmp_path).key_file is None
    named = from_env({"VOX_TELEMETRY_KEY_FILE": " keys/mine.jwk "}, tmp_path)
    assert named.key_file == tmp_path / "keys" / "mine.jwk"
    with pytest.raises(NotConfiguredError, match="VOX_TELEMETRY_KEY_FILE is blank, expected a pat"):
        from_env({"VOX_TELEMETRY_KEY_FILE": ""}, tmp_path)
    with pytest.raises(NotConfiguredError, match="VOX_TELEMETRY_KEY_FILE is '~nobody-at-all/k' an"):
        from_env({"VOX_TELEMETRY_KEY_FILE": "~nobody-at-all/k"}, tmp_path)


def test_the_file_of_authorities() -> None:
    ours, common = "VOX_TELEMETRY_CA_FILE", "SSL_CERT_FILE"
    cwd = Path("/work")
    assert from_env({}, cwd).ca_file is None
    assert from_env({common: " "}, cwd).ca_file is None
    assert from_env({common: "a.pem"}, cwd).ca_file == Path("/work/a.pem")
    assert from_env({ours: "/b.pem", common: "a.pem"}, cwd).ca_file == Path("/b.pem")
    with pytest.raises(NotConfiguredError, match="VOX_TELEMETRY_CA_FILE is blank"):
        from_env({ours: "", common: "a.pem"}, cwd)
