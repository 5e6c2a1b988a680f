import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from support.cli import run_cli
from support.enrolments import invited
from support.uploads import new_key
from vox_telemetry_sink.key_store import KeyStore

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
SINK = "vox-telemetry-sink"


def states(*args: Any, env: dict[str, str], code: int = 0) -> dict[str, str]:
    ran = run_cli(SINK, *args, "doctor", "--json", env=env)
    assert ran.code == code, ran.out + ran.err
    document = json.loads(ran.out)
    assert document["healthy"] is (code == 0)
    assert "geheim" not in ran.out
    return {check["name"]: check["state"] for check in document["checks"]}


async def test_a_sink_in_order(database_url: str, fetch: Fetch) -> None:
    env = {"VOX_SINK_DATABASE_URL": database_url}
    assert states(env=env) == {
        "config": "ok",
        "listen": "ok",
        "config-file": "ok",
        "metrics": "skip",
        "receipt-key": "warn",
        "disk": "skip",
        "database": "ok",
        "migrations": "ok",
        "partitions": "ok",
        "default-partition": "ok",
        "keys": "warn",
        "clock": "ok",
    }
    ran = run_cli(SINK, "doctor", env=env)
    assert ran.code == 0
    assert "warn  sink.D010  keys: 0 keys may upload now" in ran.out
    assert "→ enrol one: vox-telemetry-sink keys add" in ran.out


async def test_keys_that_wait_for_approval_are_counted(
    database_url: str, key_store: KeyStore
) -> None:
    code = await invited(key_store, needs_approval=True)
    waiting = new_key().public
    await key_store.enrol(code, waiting, now=datetime.now(UTC))
    env = {"VOX_SINK_DATABASE_URL": database_url}
    ran = run_cli(SINK, "doctor", env=env)
    assert ran.code == 0
    assert "warn  sink.D010  keys: 0 keys may upload now, 1 wait for approval" in ran.out
    await key_store.approve(waiting.key_id, now=datetime.now(UTC))
    assert "sink.D010  keys: 1 keys may upload now\n" in run_cli(SINK, "doctor", env=env).out


async def test_partitions_and_the_default_one_are_looked_at(
    database_url: str, fetch: Fetch
) -> None:
    for (name,) in await fetch(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass"
        " AND inhrelid::regclass::text <> 'event_default' ORDER BY 1 OFFSET 1"
    ):
        await fetch(f"DROP TABLE {name}")
    await fetch(
        "INSERT INTO event VALUES (gen_random_uuid(), 0, '2001-01-01', now(), 'f', 'm', 'S0', 's',"
        " 1, '{}')"
    )
    found = states(env={"VOX_SINK_DATABASE_URL": database_url})
    assert (found["partitions"], found["default-partition"]) == ("warn", "warn")


def test_what_is_wrong_is_exit_1(empty_database_url: str, tmp_path: Path) -> None:
    found = states(env={"VOX_SINK_DATABASE_URL": empty_database_url}, code=1)
    assert found["migrations"] == "fail"
    away = {"VOX_SINK_DATABASE_URL": "postgresql://u:geheim@127.0.0.1:1/d"}
    assert states(env=away, code=1)["database"] == "fail"
    assert states(env={"VOX_SINK_PORT": "x"}, code=1) == {"config": "fail"}
    lonely = {"VOX_SINK_DATA_DIR": str(tmp_path)}
    open_host = lonely | {"VOX_SINK_HOST": "0.0.0.0"}  # noqa: S104 -- read, not listened on
    assert states(env=open_host, code=1)["listen"] == "fail"
    wish = {"VOX_SINK_INSECURE_LISTEN": "1", "VOX_SINK_PUBLIC_AUTHORITY": "h"}
    wish |= {"VOX_SINK_METRICS_LISTEN": "0.0.0.0:9464"}
    found = states(env=open_host | wish)
    assert (found["listen"], found["metrics"]) == ("warn", "warn")


def test_a_file_with_a_secret_that_others_may_read_fails(tmp_path: Path) -> None:
    file = tmp_path / "sink.toml"
    file.write_text('upload_token = "geheim"\n')
    file.chmod(0o644)
    env = {"VOX_SINK_DATA_DIR": str(tmp_path)}
    assert states("--config", file, env=env, code=1)["config-file"] == "fail"
    file.chmod(0o600)
    assert states("--config", file, env=env)["config-file"] == "ok"


def test_a_secret_in_a_file_of_its_own_that_others_may_read_fails(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("geheim\n")
    env = {"VOX_SINK_DATA_DIR": str(tmp_path), "VOX_SINK_UPLOAD_TOKEN_FILE": str(file)}
    for mode, code, state in ((0o644, 1, "fail"), (0o440, 0, "ok")):
        file.chmod(mode)
        assert states(env=env, code=code)["config-file"] == state


def test_a_receipt_key_that_cannot_be_used_fails(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    env = {"VOX_SINK_DATA_DIR": str(tmp_path), "VOX_SINK_RECEIPT_KEY_FILE": str(file)}
    assert states(env=env, code=1)["receipt-key"] == "fail"
    assert run_cli(SINK, "receipt-key", "generate", "--out", file).code == 0
    assert states(env=env)["receipt-key"] == "ok"


def test_a_look_does_not_make_the_embedded_database(tmp_path: Path) -> None:
    found = states(env={"VOX_SINK_DATA_DIR": str(tmp_path / "none")})
    assert (found["database"], found["disk"]) == ("skip", "ok")
    assert not (tmp_path / "none").exists()


async def test_several_hosts_are_to_be_asked_for_the_one_that_takes_writes(
    database_url: str,
) -> None:
    parts = urlsplit(database_url)
    user, _, host = parts.netloc.rpartition("@")
    several = urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:1,{host}", query=""))
    if not host:
        return  # the embedded one has a socket and no host: nothing to choose from
    assert states(env={"VOX_SINK_DATABASE_URL": several})["database-hosts"] == "warn"
    chosen = f"{several}?target_session_attrs=read-write"
    found = states(env={"VOX_SINK_DATABASE_URL": chosen})
    assert (found["database-hosts"], found["database"]) == ("ok", "ok")
