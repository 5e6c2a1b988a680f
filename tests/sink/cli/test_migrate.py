import json

from support.cli import run_cli

SINK = "vox-telemetry-sink"


def test_migrate_says_what_it_applied(empty_database_url: str) -> None:
    env = {"VOX_SINK_DATABASE_URL": empty_database_url}
    first = run_cli(SINK, "migrate", "--json", env=env)
    applied = [
        "0001_first_tables",
        "0002_key_rights",
        "0003_retention",
        "0004_views",
        "0005_console_figures",
        "0006_key_approval",
        "0007_console",
        "0008_daily_views",
    ]
    assert (first.code, json.loads(first.out)) == (0, {"applied": applied})
    again = run_cli(SINK, "migrate", env=env)
    assert (again.code, again.out) == (0, "nothing to apply\n")


def test_an_unreachable_database_is_one_line_without_its_password() -> None:
    ran = run_cli(SINK, "migrate", "--database-url", "postgresql://u:geheim@127.0.0.1:1/x")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "the database does not answer" in ran.err
    assert "geheim" not in ran.err


def test_a_setting_that_cannot_be_used_is_exit_3() -> None:
    ran = run_cli(SINK, "migrate", env={"VOX_SINK_PORT": "x"})
    assert (ran.code, ran.out) == (3, "")
    assert (
        ran.err
        == "vox-telemetry-sink: VOX_SINK_PORT is 'x', expected a whole number from 0 to 65535\n"
    )


def test_an_unknown_command_is_exit_2_and_the_version_is_printed() -> None:
    assert run_cli(SINK, "nonsense").code == 2
    assert run_cli(SINK, "--version").out.count(".") == 2
