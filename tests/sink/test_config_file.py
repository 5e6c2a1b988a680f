from pathlib import Path

import pytest

from vox_telemetry_sink.config import Config
from vox_telemetry_sink.config_file import read_config_file
from vox_telemetry_sink.errors import ConfigError

WHOLE = """
database_url = "postgresql://u:geheim@h/d"
data_dir = "/data"
host = "127.0.0.1"
port = 80
workers = 4
upload_token = "t"
public_origin = "https://sink.example"
insecure_listen = true
metrics_listen = "127.0.0.1:9464"
otlp_endpoint = "http://127.0.0.1:4318"
rate_per_s = 2.5
rate_burst = 7
"""


def test_every_setting_can_stand_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sink.toml"
    file.write_text(WHOLE)
    config = Config.from_env(read_config_file(file))
    assert config.database_url == "postgresql://u:geheim@h/d"
    assert (config.data_dir, config.port, config.workers) == (Path("/data"), 80, 4)
    assert (config.upload_token, config.public_authority) == ("t", "sink.example")
    assert (config.insecure_listen, config.metrics_listen) == (True, ("127.0.0.1", 9464))
    assert (config.rate_per_s, config.rate_burst) == (2.5, 7)
    assert config.otlp_endpoint == "http://127.0.0.1:4318"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("upload_tokn = 'geheim'", "unknown key 'upload_tokn', expected some of database_url"),
        ("[sink]\nport = 1", "unknown key 'sink'"),
        ("port = [1]", "a port that is no text, number, true or false"),
        ('database_url_file = "geheim\\u0000"', "a database_url_file that is no text, number"),
        ("upload_token = geheim", r"is no TOML \(at line 1"),
        ("upload_token = 'geheim", r"is no TOML \(at end of document\)"),
        ("a = 1\n" * 20_000, "longer than 65536 bytes"),
        ("port = 70000", "VOX_SINK_PORT is '70000'"),
    ],
)
def test_what_is_not_understood_is_refused_without_the_value(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "sink.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        Config.from_env(read_config_file(file))
    assert "geheim" not in str(caught.value)


def test_bytes_that_are_no_text_are_no_toml(tmp_path: Path) -> None:
    (tmp_path / "sink.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is no TOML, expected key = value"):
        read_config_file(tmp_path / "sink.toml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"VOX_SINK_CONFIG is '.*none.toml', which cannot be read"
    ):
        read_config_file(tmp_path / "none.toml")
