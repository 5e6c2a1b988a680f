from pathlib import Path

import pytest

from vox_telemetry_sink.config import Config
from vox_telemetry_sink.errors import ConfigError


def test_without_any_variable_it_listens_on_loopback_with_the_embedded_postgres() -> None:
    config = Config.from_env({})
    assert (config.host, config.port, config.workers) == ("127.0.0.1", 8750, 1)
    assert (config.rate_per_s, config.rate_burst) == (10.0, 30)
    assert (config.database_url, config.upload_token, config.public_authority) == (None, None, None)
    assert config.data_dir.name == "vox-telemetry-sink"


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
        ("VOX_SINK_HOST", "192.0.2.1", "not loopback, and VOX_SINK_PUBLIC_AUTHORITY is not set"),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Config.from_env({name: value})
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_no_public_authority(host: str) -> None:
    assert Config.from_env({"VOX_SINK_HOST": host}).host == host


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
