"""The installed program, started, used, outaged and ended as an operator would."""

import asyncio
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.cli import run_cli, started_cli
from support.processes import kill_now, server_pid
from support.uploads import Upload, new_batch_id, new_key, payload_of
from vox_telemetry_spec.keys import SigningKey

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]

SINK = "vox-telemetry-sink"


def free_port() -> Any:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def serving(*args: Any, env: dict[str, str] | None = None) -> Iterator[Any]:
    """Start it and wait until it is ready; what it logs is collected."""
    port = free_port()
    with started_cli(SINK, "serve", "--port", str(port), *args, env=env) as process:
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
        reader.start()
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30
        ) as client:
            wait_until(lambda: answers(client), process)
            yield process, client, lines
    reader.join(10)


def wait_until(done: Any, process: Any, within_s: Any = 30) -> None:
    deadline = time.monotonic() + within_s
    while not done():
        assert process.poll() is None, "it ended"
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def answers(client: httpx.Client) -> Any:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def enrolled(env: dict[str, str]) -> Any:
    key = new_key()
    ran = run_cli(
        SINK, "keys", "add", "-", "--name", "t", env=env, input=json.dumps(key.public.jwk)
    )
    assert ran.code == 0, ran.err
    return key


def post(client: httpx.Client, key: SigningKey, **changes: Any) -> Any:
    authority = client.base_url.netloc.decode()
    one = Upload(key=key, authority=authority, **changes)
    return client.post(one.path, content=one.body, headers=one.headers())


def test_a_database_that_is_not_migrated_is_refused(empty_database_url: str) -> None:
    ran = run_cli(SINK, "serve", env={"VOX_SINK_DATABASE_URL": empty_database_url})
    assert ran.code == 1
    assert "lacks 0001_first_tables, 0002_key_rights, 0003_retention, 0004_views, " in ran.err
    assert "0007_console, 0008_daily_views: run" in ran.err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_and_ends_in_order(workers: str, database_url: str) -> None:
    env = {"VOX_SINK_DATABASE_URL": database_url}
    key = enrolled(env)
    with serving("--workers", workers, env=env) as (process, client, lines):
        answer = post(client, key)
        assert answer.status_code == 201, answer.text
        assert "server" not in answer.headers
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    logged = [json.loads(line) for line in lines]
    assert [line["event"] for line in logged].count("stored") == 1
    assert "127.0.0.1" not in "".join(line for line in lines if '"stored"' in line)


def test_a_request_in_hand_is_answered_before_it_ends(database_url: str) -> Iterator[Any]:
    env = {"VOX_SINK_DATABASE_URL": database_url}
    key = enrolled(env)
    with serving(env=env) as (process, client, _):
        one = Upload(key=key, authority=client.base_url.netloc.decode())

        def halves() -> Iterator[Any]:
            yield one.body[:100]
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            yield one.body[100:]

        answer = client.post(one.path, content=halves(), headers=one.headers())
        assert answer.status_code == 201
        assert process.wait(20) == 0


async def test_after_kill_9_every_receipt_given_is_in_the_database(
    database_url: str, fetch: Fetch
) -> None:
    env = {"VOX_SINK_DATABASE_URL": database_url, "VOX_SINK_RATE_BURST": "10000"}
    key = enrolled(env)
    receipts = []

    def hammer(client: httpx.Client) -> None:
        while True:
            try:
                answer = post(client, key)
            except httpx.TransportError:
                return
            receipts.append(answer.json()["batch_id"])
            if len(receipts) == 40:
                os.kill(pid, signal.SIGKILL)

    with serving(env=env) as (process, client, _):
        pid = process.pid
        await asyncio.gather(*(asyncio.to_thread(hammer, client) for _ in range(8)))
    stored = {str(row[0]) for row in await fetch("SELECT batch_id FROM batch")}
    assert len(receipts) >= 40
    assert set(receipts) <= stored
    [(events, distinct)] = await fetch("SELECT count(*), count(DISTINCT batch_id) FROM event")
    assert events == distinct == len(stored)


def test_without_a_database_url_it_brings_its_own_with_a_receipt_key(tmp_path: Path) -> None:
    data = tmp_path / "data"
    env = {"VOX_SINK_DATA_DIR": str(data)}
    logged = []
    for round_ in range(2):
        with serving(env=env) as (process, client, lines):
            answer = post(client, enrolled(env))
            assert answer.status_code == 201
            shown = json.loads(run_cli(SINK, "receipt-key", "show", "--json", env=env).out)
            assert f'keyid="{shown["key_id"]}"' in answer.headers["signature-input"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        events = [json.loads(line)["event"] for line in lines]
        assert events.count("receipt-key-made") == (1 if round_ == 0 else 0)
        assert events.count("receipts-signed") == 1
        logged += lines
    key_file = data / "receipt-key.pem"
    assert data.stat().st_mode & 0o777 == 0o700
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert key_file.read_text().splitlines()[1] not in "".join(logged)


def test_every_worker_signs_with_the_key_file_of_an_external_database(
    database_url: str, tmp_path: Path
) -> None:
    env = {"VOX_SINK_DATABASE_URL": database_url}
    key = enrolled(env)
    with serving(env=env) as (process, client, lines):
        assert "signature" not in post(client, key).headers
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "receipts-unsigned" in [json.loads(line)["event"] for line in lines]
    made = run_cli(SINK, "receipt-key", "generate", "--out", tmp_path / "r.pem", "--json")
    env["VOX_SINK_RECEIPT_KEY_FILE"] = str(tmp_path / "r.pem")
    with serving("--workers", "2", env=env) as (process, client, _):
        signers = {
            post(client, key).headers["signature-input"].split('keyid="')[1][:43] for _ in range(6)
        }
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert signers == {json.loads(made.out)["key_id"]}


def metrics(port: Any) -> dict[str, float]:
    """Read the metrics of all workers, summed over the labels."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


@pytest.mark.parametrize("workers", ["1", "2"])
def test_metrics_of_all_workers_are_served_at_their_own_address(
    workers: str, database_url: str
) -> None:
    port = free_port()
    env = {
        "VOX_SINK_DATABASE_URL": database_url,
        "VOX_SINK_METRICS_LISTEN": f"127.0.0.1:{port}",
        "VOX_SINK_RATE_BURST": "10000",
    }
    key = enrolled(env)
    with serving("--workers", workers, env=env) as (_, client, _):
        statuses = []
        for number in range(30):
            # A connection for each, so that both workers are asked.
            with httpx.Client(base_url=client.base_url, trust_env=False, timeout=30) as one:
                batch_id = new_batch_id()
                payload = payload_of({"a": 1}, batch_id=batch_id) if number % 3 == 0 else b""
                statuses.append(post(one, key, batch_id=batch_id, payload=payload).status_code)
        found = metrics(port)
        assert client.get("/metrics").status_code == 404
    assert found["vox_sink_batches_received_total"] == 30
    assert found["vox_sink_batches_stored_total"] == statuses.count(201) == 20
    assert found["vox_sink_batches_rejected_total"] == statuses.count(422) == 10
    assert found["vox_sink_batches_in_flight"] == 0


def test_without_an_address_no_metrics_are_served(database_url: str) -> None:
    with serving(env={"VOX_SINK_DATABASE_URL": database_url}) as (_, client, lines):
        assert client.get("/metrics").status_code == 404
    assert [line for line in lines if '"metrics"' in line] == []


def test_an_address_for_metrics_that_is_taken_is_exit_3(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        env = {"VOX_SINK_DATABASE_URL": database_url, "VOX_SINK_METRICS_LISTEN": where}
        ran = run_cli(SINK, "serve", env=env)
    assert ran.code == 3
    assert "VOX_SINK_METRICS_LISTEN cannot be listened on: address already in use" in ran.err


def test_an_open_address_without_tls_in_front_is_refused_at_the_start(database_url: str) -> None:
    env = {"VOX_SINK_DATABASE_URL": database_url}
    ran = run_cli(SINK, "serve", "--host", "0.0.0.0", env=env)  # noqa: S104 -- refused
    assert (ran.code, ran.out) == (3, "")
    assert "nothing says that TLS ends in front of it" in ran.err


def test_the_explicit_flag_opens_it(database_url: str) -> None:
    env = {"VOX_SINK_DATABASE_URL": database_url, "VOX_SINK_PUBLIC_AUTHORITY": "sink.example"}
    with serving("--host", "0.0.0.0", "--insecure-listen", env=env) as (_, client, _):  # noqa: S104 -- a test's moment
        assert client.get("/readyz").status_code == 200


def workers_environments(pid: int) -> list[bytes]:
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert len(pids) >= 2
    return [Path(f"/proc/{one}/environ").read_bytes() for one in pids]


def test_settings_from_a_file_reach_every_worker_and_no_environment(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "sink.toml"
    file.write_text(f'database_url = "{database_url}"\nupload_token = "geheim"\nworkers = 2\n')
    with serving(env={"VOX_SINK_CONFIG": str(file)}) as (process, client, _):
        answers = [client.post("/v1/batches", headers={"connection": "close"}) for _ in range(6)]
        for environment in workers_environments(process.pid):
            assert b"geheim" not in environment
            assert database_url.encode() not in environment
    assert {answer.json()["type"] for answer in answers} == {
        "urn:vox-telemetry:problem:token-invalid"
    }


def test_a_database_url_in_a_file_reaches_every_worker_and_no_environment(
    database_url: str, tmp_path: Path
) -> None:
    env = {"VOX_SINK_DATABASE_URL": database_url}
    key = enrolled(env)
    file = tmp_path / "url"
    file.write_text(f"{database_url}\n")
    named = {"VOX_SINK_DATABASE_URL_FILE": str(file)}
    with serving("--workers", "2", env=named) as (process, client, _):
        assert post(client, key).status_code == 201
        for environment in workers_environments(process.pid):
            assert database_url.encode() not in environment


def test_a_flag_beats_the_file_of_a_database_url_in_workers_too(
    database_url: str, tmp_path: Path
) -> None:
    named = {"VOX_SINK_DATABASE_URL_FILE": str(tmp_path / "none")}
    with serving("--workers", "2", "--database-url", database_url, env=named) as (_, client, _):
        assert client.get("/readyz").status_code == 200


def test_a_killed_embedded_postgres_is_started_again_under_the_running_sink(
    tmp_path: Path,
) -> None:
    data_dir = tmp_path / "data"
    env = {"VOX_SINK_DATA_DIR": str(data_dir)}
    with serving(env=env) as (process, client, lines):
        key = enrolled(env)
        assert post(client, key).status_code == 201
        for _ in range(2):
            before = server_pid(data_dir)
            kill_now(before)
            wait_until(lambda: not answers(client), process)
            wait_until(lambda: answers(client), process, within_s=60)
            assert server_pid(data_dir) != before
            assert post(client, key).status_code == 201
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    events = [json.loads(line)["event"] for line in lines]
    assert events.count("postgres-started") == 2
    # A start may fail while the children of the killed server live; it is tried again then.
    assert events.count("postgres-gone") == 2 + events.count("postgres-not-started")
    assert not (data_dir / "postgres/pg/postmaster.pid").exists()


async def locked(database_url: str, for_s: float) -> None:
    """Keep every write waiting for so long, as a slow database does."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE batch")
            await asyncio.sleep(for_s)
    finally:
        await connection.close()


async def test_sigterm_waits_for_a_slow_database_and_every_accepted_request_is_answered(
    database_url: str, fetch: Fetch
) -> None:
    env = {"VOX_SINK_DATABASE_URL": database_url}
    key = enrolled(env)
    with serving(env=env) as (process, client, _):
        slow = asyncio.create_task(locked(database_url, 3))
        await asyncio.sleep(0.5)
        uploads = [asyncio.to_thread(post, client, key) for _ in range(6)]
        answered = asyncio.gather(*uploads)
        await asyncio.sleep(1)
        process.send_signal(signal.SIGTERM)
        statuses = [answer.status_code for answer in await answered]
        await slow
        assert process.wait(20) == 0
    assert statuses == [201] * 6
    assert await fetch("SELECT count(*) FROM batch") == [(6,)]


async def test_sigterm_ends_in_bounded_time_when_the_database_never_answers(
    database_url: str,
) -> None:
    env = {"VOX_SINK_DATABASE_URL": database_url}
    key = enrolled(env)
    with serving(env=env) as (process, client, _):
        stuck = asyncio.create_task(locked(database_url, 60))
        await asyncio.sleep(0.5)
        answered = asyncio.gather(*(asyncio.to_thread(post, client, key) for _ in range(3)))
        await asyncio.sleep(1)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        answers_given = await answered
        assert await asyncio.to_thread(process.wait, 45) == 0
        assert time.monotonic() - began < 45
        stuck.cancel()
        await asyncio.wait([stuck])
    assert [answer.status_code for answer in answers_given] == [503] * 3
