from dataclasses import fields
from pathlib import Path

import pytest

from vox_telemetry_sink.config import SETTINGS, Config
from vox_telemetry_sink.errors import ConfigError


def test_without_any_variable_it_listens_on_loopback_with_the_embedded_postgres() -> None:
    config = Config.from_env({})
    assert (config.host, config.port, config.workers) == ("127.0.0.1", 8750, 1)
    assert (config.rate_per_s, config.rate_burst) == (10.0, 30)
    assert (config.database_url, config.upload_token, config.public_authority) == (None, None, None)
    assert config.data_dir.name == "vox-telemetry-sink"


def test_a_user_without_a_home_is_told_to_name_the_data_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as for a user that nobody knows
    with pytest.raises(ConfigError, match="VOX_SINK_DATA_DIR is not set and this user has no home"):
        Config.from_env({})
    assert Config.from_env({"VOX_SINK_DATA_DIR": "/data"}).data_dir == Path("/data")


def test_every_variable_is_read() -> None:
    config = Config.from_env(
        {
            "VOX_SINK_DATABASE_URL": "postgresql://u:p@h/d",
            "VOX_SINK_DATA_DIR": "/data",
            "VOX_SINK_HOST": "0.0.0.0",  # noqa: S104 -- read, not listened on
            "VOX_SINK_PORT": "80",
            "VOX_SINK_WORKERS": "4",
            "VOX_SINK_UPLOAD_TOKEN": " t ",
            "VOX_SINK_PUBLIC_AUTHORITY": "Sink.Example:443",
            "VOX_SINK_RATE_PER_S": "2.5",
            "VOX_SINK_RATE_BURST": "7",
        }
    )
    assert config.database_url == "postgresql://u:p@h/d"
    assert config.data_dir == Path("/data")
    assert (config.host, config.port, config.workers) == ("0.0.0.0", 80, 4)  # noqa: S104 -- as above
    assert config.upload_token == "t"
    assert config.public_authority == "sink.example"
    assert (config.rate_per_s, config.rate_burst) == (2.5, 7)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("VOX_SINK_UPLOAD_TOKEN", " ", "VOX_SINK_UPLOAD_TOKEN is set but blank"),
        ("VOX_SINK_DATABASE_URL", "", "VOX_SINK_DATABASE_URL is set but blank"),
        ("VOX_SINK_DATABASE_URL", "mysql://u:geheim@h", "no Postgres URL, expected postgresql://"),
        ("VOX_SINK_DATABASE_URL_FILE", " ", "VOX_SINK_DATABASE_URL_FILE is set but blank"),
        ("VOX_SINK_UPLOAD_TOKEN_FILE", "/none", "'/none', which cannot be read: no such file"),
        ("VOX_SINK_PORT", "65536", "VOX_SINK_PORT is '65536', expected .* from 0 to 65535"),
        ("VOX_SINK_DATABASE_URL", "postgresql://u:geheim@h:x/d", "no Postgres URL, expected"),
        ("VOX_SINK_DATABASE_URL", "postgresql://u:geheim@[::1/d", "no Postgres URL, expected"),
        ("VOX_SINK_PORT", "9" * 5_000, "VOX_SINK_PORT is '9+', expected .* from 0 to 65535"),
        ("VOX_SINK_PORT", "-1", "VOX_SINK_PORT is '-1'"),
        ("VOX_SINK_PORT", "", "VOX_SINK_PORT is ''"),
        ("VOX_SINK_WORKERS", "0", "VOX_SINK_WORKERS is '0', expected .* from 1 to 64"),
        ("VOX_SINK_RATE_BURST", "many", "VOX_SINK_RATE_BURST is 'many'"),
        ("VOX_SINK_RATE_PER_S", "fast", "VOX_SINK_RATE_PER_S is 'fast', expected a number above 0"),
        ("VOX_SINK_RATE_PER_S", "nan", "VOX_SINK_RATE_PER_S is 'nan'"),
        ("VOX_SINK_RATE_PER_S", "inf", "VOX_SINK_RATE_PER_S is 'inf'"),
        ("VOX_SINK_RATE_PER_S", "0", "VOX_SINK_RATE_PER_S is '0'"),
        ("VOX_SINK_PUBLIC_AUTHORITY", "https://h", "expected host or host:port"),
        ("VOX_SINK_PUBLIC_AUTHORITY", "", "expected host or host:port"),
        ("VOX_SINK_PUBLIC_ORIGIN", "ftp://h", "no such URL, expected https://host"),
        ("VOX_SINK_PUBLIC_ORIGIN", "https://u:geheim@h", "no such URL, expected https://host"),
        ("VOX_SINK_PUBLIC_ORIGIN", "https://h/path", "no such URL, expected https://host"),
        ("VOX_SINK_PUBLIC_ORIGIN", "https://", "no such URL, expected https://host"),
        ("VOX_SINK_INSECURE_LISTEN", "perhaps", "'perhaps', expected one of 1, true"),
        ("VOX_SINK_CONSOLE", "", "VOX_SINK_CONSOLE is '', expected one of 1, true"),
        ("VOX_SINK_METRICS_LISTEN", "9464", "'9464', expected host:port such as"),
        ("VOX_SINK_METRICS_LISTEN", "h:99999", "'h:99999', expected host:port such as"),
        ("VOX_SINK_OTLP_ENDPOINT", "collector:4318", "no such URL, expected http"),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Config.from_env({name: value})
    assert "geheim" not in str(caught.value)


def test_the_authority_that_clients_sign_is_the_origins() -> None:
    for origin, authority in (
        ("https://Sink.Example/", "sink.example"),
        ("https://sink.example:443", "sink.example"),
        ("https://sink.example:8443", "sink.example:8443"),
        ("http://sink.example:80", "sink.example"),
        ("https://[2001:DB8::1]:8443", "[2001:db8::1]:8443"),
    ):
        config = Config.from_env({"VOX_SINK_PUBLIC_ORIGIN": origin})
        assert config.public_authority == authority


def test_origin_and_authority_are_one_setting_too_many() -> None:
    environ = {"VOX_SINK_PUBLIC_ORIGIN": "https://a", "VOX_SINK_PUBLIC_AUTHORITY": "b"}
    with pytest.raises(ConfigError, match="are both set, expected one"):
        Config.from_env(environ)


def test_the_console_is_there_unless_it_is_switched_off() -> None:
    assert Config.from_env({}).console is True
    for text, is_there in (("off", False), ("0", False), ("FALSE", False), ("on", True)):
        assert Config.from_env({"VOX_SINK_CONSOLE": text}).console is is_there


def test_where_metrics_are_served_is_read() -> None:
    for text, address in (("127.0.0.1:9464", ("127.0.0.1", 9464)), ("[::1]:1", ("::1", 1))):
        assert Config.from_env({"VOX_SINK_METRICS_LISTEN": text}).metrics_listen == address
    assert Config.from_env({}).metrics_listen is None


def test_every_field_is_a_setting_with_a_variable_of_its_own() -> None:
    names = {field.name for field in fields(Config)} - {"receive_deadline_s"}
    assert set(SETTINGS) == names
    assert len(set(SETTINGS.values())) == len(SETTINGS)


def test_secrets_do_not_show() -> None:
    config = Config.from_env(
        {"VOX_SINK_UPLOAD_TOKEN": "geheim", "VOX_SINK_DATABASE_URL": "postgresql://u:geheim@h/d"}
    )
    assert "geheim" not in repr(config)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://h/d",
        "postgresql:///d?host=/run/postgresql",
        "postgresql://u:p%40@[::1]:5432/d",
        "postgresql://u@a:5432,b:5433/d?sslmode=require",
        "postgresql://%2Frun%2Fpostgresql/d",
    ],
)
def test_the_urls_of_libpq_are_taken(url: str) -> None:
    assert Config.from_env({"VOX_SINK_DATABASE_URL": url}).database_url == url


def test_a_secret_in_a_file_is_read_without_its_newline(tmp_path: Path) -> None:
    url, token = tmp_path / "url", tmp_path / "token"
    url.write_text("postgresql://u:geheim@h/d\n")
    token.write_text("geheim\n")
    config = Config.from_env(
        {"VOX_SINK_DATABASE_URL_FILE": str(url), "VOX_SINK_UPLOAD_TOKEN_FILE": str(token)}
    )
    assert (config.database_url, config.upload_token) == ("postgresql://u:geheim@h/d", "geheim")
    assert (config.database_url_file, config.upload_token_file) == (url, token)
    assert "geheim" not in repr(config)


@pytest.mark.parametrize("name", ["VOX_SINK_DATABASE_URL", "VOX_SINK_UPLOAD_TOKEN"])
def test_a_secret_and_a_file_of_it_are_one_setting_too_many(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("postgresql://h/geheim")
    with pytest.raises(
        ConfigError, match=f"{name} and {name}_FILE are both set, expected one"
    ) as caught:
        Config.from_env({name: "postgresql://h/geheim", f"{name}_FILE": str(file)})
    assert "geheim" not in str(caught.value)


def test_a_file_that_holds_no_postgres_url_is_refused_without_its_text(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("mysql://u:geheim@h")
    with pytest.raises(ConfigError, match="VOX_SINK_DATABASE_URL is no Postgres URL") as caught:
        Config.from_env({"VOX_SINK_DATABASE_URL_FILE": str(file)})
    assert "geheim" not in str(caught.value)
