import hashlib
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.cli import command, run_cli
from support.client_world import (
    consent_to,
    names,
    new_spool,
    problem,
    put,
    receipt_for,
    stores,
    tree,
)
from support.forward_proxy import forward_proxy
from support.http_answers import Request, computed, html, reply
from support.http_server import misbehaving_server
from support.tls import Authority
from vox_telemetry_client.lock import held

PROGRAM = "vox-telemetry"


@pytest.fixture
def env(client_env: dict[str, str]) -> dict[str, str]:
    """Give a client a key."""
    assert run_cli(PROGRAM, "keys", "generate", env=client_env).code == 0
    return client_env


def test_the_bytes_shown_are_the_bytes_sent(
    env: dict[str, str], tmp_path: Path, events_file: Path
) -> None:
    assert run_cli(PROGRAM, "enqueue", events_file, env=env).code == 0
    shown = run_cli(PROGRAM, "export", env=env).out.encode()
    with misbehaving_server(stores()) as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", "--json", "--url", server.url, env=env)
    assert (ran.code, ran.err) == (0, "")
    assert server.requests[0].body + b"\n" == shown
    document = json.loads(ran.out)
    batch_id = json.loads(shown)["batch_id"]
    assert document == {
        "batches": [{"batch_id": batch_id, "outcome": "acknowledged", "attempts": 1}],
        "totals": {"acknowledged": 1, "duplicate": 0, "kept": 0, "set_aside": 0, "split": 0},
    }
    assert names(tmp_path / "spool" / "pending") == []


def test_a_refused_batch_shows_its_problem_and_is_1(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    refusal = problem(
        422, "contract-refused", violations=[{"event": 0, "pointer": "/a", "rule": "r"}]
    )
    with misbehaving_server(refusal) as server:
        consent_to(server.url)
        ran = run_cli(
            PROGRAM, "upload", "--json", env=env | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
        )
    (row,) = json.loads(ran.out)["batches"]
    assert (ran.code, row["outcome"], row["problem"]["status"]) == (1, "set_aside", 422)
    assert row["problem"]["violations"] == [{"event": 0, "pointer": "/a", "rule": "r"}]


def test_a_captive_portal_is_1_and_keeps(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    with misbehaving_server(html()) as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", env=env | {"VOX_TELEMETRY_UPLOAD_URL": server.url})
    assert ran.code == 1
    assert "holds no receipt" in ran.err
    assert "everything is kept" in ran.err
    assert len(names(tmp_path / "spool" / "pending")) == 1


def test_nothing_to_upload_is_done(env: dict[str, str]) -> None:
    with misbehaving_server() as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", "--url", server.url, env=env)
    assert (ran.code, ran.out, ran.err, server.requests) == (0, "nothing to upload\n", "", [])


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"VOX_TELEMETRY": "OFF"}, "switched-off", "VOX_TELEMETRY is 'OFF'"),
        ({"DO_NOT_TRACK": "1"}, "switched-off", "DO_NOT_TRACK is set"),
        ({"VOX_TELEMETRY_UPLOAD_URL": ""}, "not-configured", "VOX_TELEMETRY_UPLOAD_URL is blank"),
        (
            {"VOX_TELEMETRY_UPLOAD_TOKEN": " "},
            "not-configured",
            "VOX_TELEMETRY_UPLOAD_TOKEN is blank",
        ),
        ({"VOX_TELEMETRY_UPLOAD_URL": "http://sink.example"}, "url-refused", "expected https"),
        (
            {"VOX_TELEMETRY_UPLOAD_URL": "https://a:s3cret@sink.example"},
            "url-refused",
            "credentials",
        ),
    ],
)
def test_not_configured_is_3_and_sends_nothing(
    env: dict[str, str], tmp_path: Path, change: dict[str, str], kind: str, said: str
) -> None:
    put(new_spool(tmp_path / "spool"))
    before = tree(tmp_path / "spool")
    with misbehaving_server() as server:
        consent_to(server.url)
        changed = env | {"VOX_TELEMETRY_UPLOAD_URL": server.url} | change
        ran = run_cli(PROGRAM, "upload", "--json", env=changed)
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["kind"], server.requests) == (3, kind, [])
    assert said in error["message"]
    assert "s3cret" not in ran.out + ran.err
    assert tree(tmp_path / "spool") == before


def test_no_url_and_no_key_are_3(client_env: dict[str, str]) -> None:
    ran = run_cli(PROGRAM, "upload", env=client_env)
    assert (
        ran.code,
        ran.err.startswith("vox-telemetry: no upload URL: set VOX_TELEMETRY_UPLOAD_URL"),
    ) == (3, True)
    consent_to("https://sink.example")
    ran = run_cli(PROGRAM, "upload", "--url", "https://sink.example", env=client_env)
    assert (ran.code, "no signing key yet" in ran.err) == (3, True)


def test_two_uploads_at_once_one_works_and_the_other_says_who(
    env: dict[str, str], tmp_path: Path
) -> None:
    put(new_spool(tmp_path / "spool"), events=2, max_events=1)

    go_on = threading.Event()

    def slowly(request: Request) -> tuple[int, dict[str, str], bytes]:
        go_on.wait(20)
        return 201, {}, receipt_for(request)

    with misbehaving_server(computed(slowly), then=stores()) as server:
        consent_to(server.url)
        configured = env | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
        first = subprocess.Popen(
            command(PROGRAM, "upload"),
            env=os.environ | configured,
            stdout=subprocess.PIPE,
            text=True,
        )
        while not server.requests:
            time.sleep(0.02)
        second = run_cli(PROGRAM, "upload", "--json", env=configured)
        assert run_cli(PROGRAM, "status", env=configured).err.startswith(
            f"an upload is running: pid {first.pid} since "
        )
        go_on.set()
        out, _ = first.communicate(timeout=30)
    assert (first.returncode, "2 acknowledged" in out) == (0, True)
    error = json.loads(second.out)["error"]
    assert (second.code, error["kind"]) == (1, "spool-busy")
    assert error["message"].startswith(f"an upload is running: pid {first.pid} since 20")
    assert len(server.requests) == 2


def test_an_enqueue_does_not_wait_for_an_upload(tmp_path: Path, events_file: Path) -> None:
    spool = new_spool(tmp_path / "spool")
    with held(spool.folder.upload_lock, "an upload"):
        ran = run_cli(
            PROGRAM,
            "enqueue",
            events_file,
            env={"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")},
        )
    assert ran.code == 0


FRESH = re.compile(r'created=[0-9]+|nonce="[^"]+"|(?<=^vox=:)[^:]+')


def _masked(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give the headers in their order, without what is new for each attempt or secret."""
    masked = []
    for name, value in headers.items():
        hidden = "Bearer ***" if name.lower() == "authorization" else FRESH.sub("new", value)
        masked.append((name.lower(), hidden))
    return masked


def test_what_a_dry_run_shows_is_what_the_next_upload_sends(
    env: dict[str, str], tmp_path: Path
) -> None:
    spool = new_spool(tmp_path / "spool")
    batches = put(spool, events=4, max_events=2)
    before = tree(tmp_path / "spool")
    with misbehaving_server(then=stores()) as server:
        url = server.url
        consent_to(url)
        configured = env | {"VOX_TELEMETRY_UPLOAD_URL": url, "VOX_TELEMETRY_UPLOAD_TOKEN": "s3cret"}
        ran = run_cli(PROGRAM, "upload", "--dry-run", "--json", env=configured)
        plain = run_cli(PROGRAM, "upload", "--dry-run", env=configured)
        shown_bytes = [
            run_cli(PROGRAM, "show", batch.batch_id, env=configured).out.encode()
            for batch in batches
        ]
        exported = run_cli(PROGRAM, "export", "--out", tmp_path / "out", env=configured)
        assert server.requests == []
        assert tree(tmp_path / "spool") == before  # none of them dequeues or changes anything
        assert run_cli(PROGRAM, "upload", env=configured).code == 0
    assert (ran.code, plain.code, exported.code) == (0, 0, 0)
    assert shown_bytes == [sent.body for sent in server.requests]
    assert (tmp_path / "out").read_bytes() == b"".join(
        sent.body + b"\n" for sent in server.requests
    )
    for shown, sent in zip(json.loads(ran.out)["requests"], server.requests, strict=True):
        assert (shown["method"], shown["url"]) == (sent.method, url + sent.path)
        assert _masked(shown["headers"]) == _masked(sent.headers)
        assert shown["body_bytes"] == len(sent.body)
        assert shown["payload_sha256"] == hashlib.sha256(sent.body).hexdigest()
        assert shown["body"] == json.loads(sent.body)
        assert f"is sent as one line of {len(sent.body)} bytes" in plain.out
        assert hashlib.sha256(sent.body).hexdigest() in plain.out
        assert json.dumps(json.loads(sent.body), indent=2, ensure_ascii=False) in plain.out
        for name, value in _masked(sent.headers):
            assert (name, value) in _masked(_headers_of(plain.out, sent.headers))
    assert "2 requests, nothing was sent" in plain.out
    assert "s3cret" not in ran.out + ran.err + plain.out + plain.err


def _headers_of(printed: str, like: Mapping[str, str]) -> dict[str, str]:
    """Read back the block of headers that names the same batch."""
    blocks = printed.split("\n\n")
    block = next(one for one in blocks if f"idempotency-key: {like['idempotency-key']}" in one)
    lines = [line.partition(": ") for line in block.splitlines() if ": " in line]
    return {name: value for name, _, value in lines}


def test_a_dry_run_obeys_the_limits_of_a_run(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"), events=3, max_events=1)
    line = ("upload", "--dry-run", "--json", "--max-batches", "2", "--url", "https://sink.example")
    document = json.loads(run_cli(PROGRAM, *line, env=env).out)
    assert len(document["requests"]) == 2
    assert "the limit of 2 batches for this run is reached" in document["remarks"]


def test_a_dry_run_without_a_key_says_so(client_env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    ran = run_cli(
        PROGRAM, "upload", "--dry-run", "--json", "--url", "https://sink.example", env=client_env
    )
    document = json.loads(ran.out)
    assert ran.code == 0
    assert "signature" not in document["requests"][0]["headers"]
    assert document["remarks"][0].startswith("shown without its signature: no signing key yet")


def test_a_dry_run_of_nothing_makes_nothing(env: dict[str, str], tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "upload", "--dry-run", "--url", "https://sink.example", env=env)
    assert (ran.code, ran.out) == (0, "0 requests, nothing was sent\n")
    assert not (tmp_path / "spool").exists()


def test_a_wrong_token_shows_no_token(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    with misbehaving_server(problem(401, "token-invalid"), reply(500)) as server:
        consent_to(server.url)
        configured = env | {
            "VOX_TELEMETRY_UPLOAD_URL": server.url,
            "VOX_TELEMETRY_UPLOAD_TOKEN": "s3cret",
        }
        ran = run_cli(PROGRAM, "upload", env=configured)
    assert (ran.code, "VOX_TELEMETRY_UPLOAD_TOKEN" in ran.err) == (1, True)
    assert "s3cret" not in ran.out + ran.err


@pytest.mark.parametrize("as_json", [False, True])
def test_a_correction_of_the_clock_is_said(
    env: dict[str, str], tmp_path: Path, as_json: bool
) -> None:
    put(new_spool(tmp_path / "spool"), events=2, max_events=1)
    stale = problem(401, "signature-stale", sink_time="2020-01-01T00:00:00.000Z")
    with misbehaving_server(stale, then=stores()) as server:
        consent_to(server.url)
        line = ("upload", *(["--json"] if as_json else []), "--url", server.url)
        ran = run_cli(PROGRAM, *line, env=env)
    assert (ran.code, len(server.requests)) == (0, 3)  # corrected once, for both batches
    if as_json:
        offset_s = (datetime(2020, 1, 1, tzinfo=UTC) - datetime.now(UTC)).total_seconds()
        assert json.loads(ran.out)["clock_offset_s"] == pytest.approx(offset_s, abs=60)
    else:
        assert "signed with the sink's time, set the clock" in ran.err


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--max-batches", "1"), "the limit of 1 batch for this run is reached"),
        (("--max-bytes", "600"), "the limit of 600 bytes for this run is reached"),
    ],
)
def test_a_limited_run_leaves_the_rest_and_is_0(
    env: dict[str, str], tmp_path: Path, option: tuple[str, str], said: str
) -> None:
    put(new_spool(tmp_path / "spool"), events=3, max_events=1)
    with misbehaving_server(then=stores()) as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", *option, "--url", server.url, env=env)
    assert (ran.code, len(server.requests)) == (0, 1)
    assert said in ran.err
    assert "2 batches are kept, run the upload again to go on" in ran.err
    assert len(names(tmp_path / "spool" / "pending")) == 2


@pytest.mark.parametrize("line", [("--max-batches", "0"), ("--max-bytes", "x")])
def test_a_limit_that_is_none_is_2(client_env: dict[str, str], line: tuple[str, str]) -> None:
    assert run_cli(PROGRAM, "upload", *line, env=client_env).code == 2


@pytest.mark.parametrize("by", ["--ca-file", "VOX_TELEMETRY_CA_FILE", "SSL_CERT_FILE"])
def test_a_private_authority_is_named_in_three_ways(
    env: dict[str, str], tmp_path: Path, by: str
) -> None:
    put(new_spool(tmp_path / "spool"))
    authority = Authority(tmp_path)
    with misbehaving_server(then=stores(), tls=authority.server("127.0.0.1")) as server:
        consent_to(server.url)
        untrusted = run_cli(PROGRAM, "upload", "--url", server.url, env=env)
        line = ["upload", "--url", server.url]
        line += [by, str(authority.file)] if by.startswith("--") else []
        named = {} if by.startswith("--") else {by: str(authority.file)}
        trusted = run_cli(PROGRAM, *line, env=env | named)
    assert (untrusted.code, trusted.code) == (1, 0)
    assert "--ca-file or VOX_TELEMETRY_CA_FILE names a private authority" in untrusted.err


def test_a_proxy_of_the_environment_is_taken_and_its_credentials_are_never_shown(
    env: dict[str, str], tmp_path: Path
) -> None:
    put(new_spool(tmp_path / "spool"))
    authority = Authority(tmp_path)
    url = "https://sink.example"
    consent_to(url)
    with (
        misbehaving_server(then=stores(), tls=authority.server("sink.example")) as server,
        forward_proxy({"sink.example:443": server.port}) as proxy,
        forward_proxy(refusal=407) as refusing,
    ):
        configured = env | {"VOX_TELEMETRY_CA_FILE": str(authority.file)}
        line = ("upload", "--url", url)
        refused = run_cli(
            PROGRAM,
            *line,
            env=configured | {"HTTPS_PROXY": f"http://me:pr0xy@127.0.0.1:{refusing.port}"},
        )
        through = configured | {"HTTPS_PROXY": f"http://me:pr0xy@127.0.0.1:{proxy.port}"}
        shown = run_cli(PROGRAM, *line, "--dry-run", env=through)
        ran = run_cli(PROGRAM, *line, "--json", env=through)
    assert (refused.code, "the proxy refuses to connect" in refused.err) == (1, True)
    assert (ran.code, len(server.requests), len(proxy.connects)) == (0, 1, 1)
    everything = [one.out + one.err for one in (refused, shown, ran)]
    assert "pr0xy" not in "".join(everything)
    assert b"pr0xy" not in b"".join(tree(tmp_path / "spool").values())


def test_a_proxy_that_cannot_be_used_is_3(env: dict[str, str]) -> None:
    url = "https://sink.example"
    consent_to(url)
    ran = run_cli(
        PROGRAM, "upload", "--url", url, env=env | {"HTTPS_PROXY": "socks5://me:pr0xy@127.0.0.1:1"}
    )
    assert (ran.code, "HTTPS_PROXY or ALL_PROXY cannot be used" in ran.err) == (3, True)
    assert "pr0xy" not in ran.out + ran.err
