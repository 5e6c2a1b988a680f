"""The fixtures do what they promise; everything else relies on them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import httpx
import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import SecretService

from support.cli import run_cli
from support.events import benchmark_event, lane_events, usage_events
from support.http_answers import (
    Request,
    close_after_reading,
    close_before_reading,
    computed,
    cut_body,
    drip,
    hang,
    html,
    huge_body,
    not_http,
    redirect,
    reply,
)
from support.http_server import misbehaving_server


def test_no_setting_of_the_machine_reaches_a_test(tmp_path: Path) -> None:
    assert not [name for name in os.environ if name.startswith(("VOX_", "PG", "DBUS_"))]
    folders = {Path(value) for name, value in os.environ.items() if name.startswith("XDG_")}
    assert set(Path.home().iterdir()) == folders
    assert len(folders) == 5


async def test_each_test_has_a_database_of_its_own(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE only_here (n int)")
    name, superuser = await connection.fetchrow(
        "SELECT current_database(), usesuper FROM pg_user WHERE usename = current_user"
    )
    await connection.close()
    assert name.startswith("vox_test_")
    assert superuser is False


async def test_a_database_starts_without_another_tests_tables(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    found = await connection.fetchrow("SELECT to_regclass('only_here'), to_regclass('batch')")
    await connection.close()
    assert tuple(found) == (None, "batch")


async def test_an_empty_database_has_no_table(empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    found = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert found == 0


def test_the_keyring_is_a_real_secret_service(keyring_backend: KeyringBackend) -> None:
    assert isinstance(keyring_backend, SecretService.Keyring)
    keyring.set_password("vox-telemetry", "left-over", "x")
    assert keyring.get_password("vox-telemetry", "left-over") == "x"


def test_the_keyring_is_empty_again_in_the_next_test(keyring_backend: KeyringBackend) -> None:
    assert keyring.get_password("vox-telemetry", "left-over") is None


def test_a_program_reaches_the_secret_service(keyring_environment: dict[str, str]) -> None:
    code = "import keyring; keyring.set_password('s','u','p'); print(keyring.get_password('s','u'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | keyring_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "p\n"


def test_events_are_the_recorded_ones() -> None:
    assert len(usage_events()) == 8_828
    assert len(lane_events()) == 251
    assert benchmark_event(session_id="bench:x", name="n")["metadata"]["name"] == "n"


def test_a_program_runs_with_its_input_and_ends(tmp_path: Path) -> None:
    ran = run_cli(
        "python", "-c", "print(input()); raise SystemExit(3)", input="hello\n", cwd=tmp_path
    )
    assert (ran.code, ran.out, ran.err) == (3, "hello\n", "")


def test_a_server_answers_as_scripted_and_records_what_came() -> None:
    echo = computed(lambda request: (200, {"X-Method": request.method}, request.body))
    with misbehaving_server(reply(503, b"{}", {"Retry-After": "2"}), echo, then=html()) as server:
        answers = [httpx.post(f"{server.url}/v1/batches?x=1", content=b"abc") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert answers[0].headers["retry-after"] == "2"
    assert (answers[1].headers["x-method"], answers[1].content) == ("POST", b"abc")
    assert answers[2].headers["content-type"] == "text/html"
    first: Request = server.requests[0]
    assert (first.method, first.path, first.body) == ("POST", "/v1/batches?x=1", b"abc")
    assert first.headers["content-length"] == "3"
    assert len(server.requests) == 3


def test_a_chunked_request_is_recorded_whole() -> None:
    with misbehaving_server(reply(204)) as server:
        httpx.post(server.url, content=iter([b"abc", b"defg"]))
    assert server.requests[0].body == b"abcdefg"


@pytest.mark.parametrize(
    ("answer", "error", "recorded"),
    [
        (close_before_reading(), httpx.TransportError, 0),
        (close_after_reading(), httpx.RemoteProtocolError, 1),
        (cut_body(200, b"x" * 100, sent_bytes=10), httpx.RemoteProtocolError, 1),
        (hang(60), httpx.ReadTimeout, 1),
        (drip(200, b"x" * 1_000, every_s=1), None, 1),
        (not_http(), httpx.RemoteProtocolError, 1),
    ],
    ids=["close-before", "close-after", "cut", "hang", "drip", "not-http"],
)
def test_each_misbehaviour_is_what_a_client_sees(
    answer: object, error: type[Exception] | None, recorded: int
) -> None:
    began = time.monotonic()
    with misbehaving_server(answer) as server:
        if error is None:
            with httpx.stream("POST", server.url, content=b"abc") as response:
                assert next(response.iter_raw()) == b"x"
        else:
            with pytest.raises(error):
                httpx.post(server.url, content=b"abc", timeout=0.5)
        assert len(server.requests) == recorded
    assert time.monotonic() - began < 30  # the server did not finish what it had been told to do


def test_a_redirect_and_a_huge_body_are_sent() -> None:
    with misbehaving_server(
        redirect("http://127.0.0.1:1/"), huge_body(200, size_bytes=100_000)
    ) as server:
        assert httpx.get(server.url).headers["location"] == "http://127.0.0.1:1/"
        assert len(httpx.get(server.url).content) == 100_000
