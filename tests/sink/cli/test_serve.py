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

import httpx
import pytest

from support.cli import run_cli, started_cli
from support.uploads import Upload, new_key
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
    assert "lacks 0001_first_tables, 0002_key_rights, 0003_retention, 0004_views: run" in ran.err


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
