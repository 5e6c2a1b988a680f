import json

from support.cli import Ran, run_cli
from support.postgres import in_own_loop
from support.stored import run


def anonymity(url: str, *args: str) -> Ran:
    env = {"VOX_SINK_DATABASE_URL": url}
    return run_cli("vox-telemetry-sink", "anonymity", *args, env=env)


def test_k_is_20_until_it_is_set(database_url: str) -> None:
    assert anonymity(database_url, "show").out == "20 keys\n"
    ran = anonymity(database_url, "set", "50", "--json")
    assert json.loads(ran.out) == {"k_keys": 50, "before": 20}
    assert json.loads(anonymity(database_url, "show", "--json").out) == {"k_keys": 50}
    assert anonymity(database_url, "set", "20").out == "20 keys, before 50\n"
    logged = in_own_loop(lambda: run(database_url, "SELECT action FROM admin_log"))
    assert logged == [("anonymity.set",), ("anonymity.set",)]


def test_k_is_never_under_20(database_url: str) -> None:
    assert anonymity(database_url, "set", "19").code == 2
    assert anonymity(database_url, "show").out == "20 keys\n"
