import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import run_cli

SINK = "vox-telemetry-sink"


def rows(*args: Any, env: dict[str, str]) -> dict[str, Any]:
    ran = run_cli(SINK, *args, "config", "show", "--json", env=env)
    assert ran.code == 0, ran.err
    return {row["key"]: (row["value"], row["source"]) for row in json.loads(ran.out)["settings"]}


def test_environment_beats_the_file_beats_the_default_and_the_source_is_named(
    tmp_path: Path,
) -> None:
    file = tmp_path / "sink.toml"
    file.write_text('port = 1000\nrate_burst = 7\npublic_origin = "https://a.example"\n')
    env = {"VOX_SINK_PORT": "2000"}
    for shown in (
        rows("--config", file, env=env),
        rows(env=env | {"VOX_SINK_CONFIG": str(file)}),
    ):
        assert shown["port"] == (2000, "environment")
        assert shown["rate_burst"] == (7, "file")
        assert shown["public_origin"] == ("https://a.example", "file")
        assert shown["host"] == ("127.0.0.1", "default")


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        (
            "postgresql://u:geheim@h:5432/d?sslmode=require",
            "postgresql://u:***@h:5432/d?sslmode=require",
        ),
        (
            "postgresql://u:geheim@a:5432,b:5433/d?target_session_attrs=read-write",
            "postgresql://u:***@a:5432,b:5433/d?target_session_attrs=read-write",
        ),
        ("postgresql://h/d?user=u&password=geheim", "postgresql://h/d?user=u&password=***"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql://u:ge%40heim@a,b:1/d", "postgresql://u:***@a,b:1/d"),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_secrets_are_masked(url: str, masked: str, form: tuple[str, ...]) -> None:
    env = {"VOX_SINK_DATABASE_URL": url, "VOX_SINK_UPLOAD_TOKEN": "geheim-token"}
    ran = run_cli(SINK, "config", "show", *form, env=env)
    assert ran.code == 0
    assert masked in ran.out
    assert "geheim" not in ran.out
    assert "heim@" not in ran.out


def test_a_secret_beats_a_file_of_it_that_a_lower_place_names_and_the_other_way_round(
    tmp_path: Path,
) -> None:
    secret, toml = tmp_path / "url", tmp_path / "sink.toml"
    secret.write_text("postgresql://from-file/d\n")
    toml.write_text('database_url = "postgresql://from-toml/d"\n')
    by_name = {"VOX_SINK_DATABASE_URL_FILE": str(secret)}
    shown = rows("--config", toml, env=by_name)
    assert shown["database_url"] == ("postgresql://from-file/d", "secret file")
    assert shown["database_url_file"] == (str(secret), "environment")
    toml.write_text(f'database_url_file = "{secret}"\n')
    shown = rows("--config", toml, env={"VOX_SINK_DATABASE_URL": "postgresql://from-env/d"})
    assert shown["database_url"] == ("postgresql://from-env/d", "environment")
    assert shown["database_url_file"] == (None, "default")
    assert rows("--config", toml, env={})["database_url"][0] == "postgresql://from-file/d"


def test_a_setting_that_cannot_be_used_is_exit_3(tmp_path: Path) -> None:
    file = tmp_path / "sink.toml"
    file.write_text("port = 'x'\n")
    ran = run_cli(SINK, "--config", file, "config", "show")
    assert (ran.code, ran.out) == (3, "")
    assert "VOX_SINK_PORT is 'x'" in ran.err
