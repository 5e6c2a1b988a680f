"""`vox-telemetry-sink console token`: the program on a database of the test's own."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.cli import Ran, run_cli

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
Sink = Callable[..., Ran]
TOKEN = ("console", "token")


@pytest.fixture
def sink(database_url: str) -> Sink:
    """Run the program on the test's database."""

    def run(*args: str | Path) -> Ran:
        env = {"VOX_SINK_DATABASE_URL": database_url}
        return run_cli("vox-telemetry-sink", *TOKEN, *args, env=env)

    return run


async def log_of(fetch: Fetch) -> list[tuple[str, str, Any]]:
    rows = await fetch("SELECT action, subject, detail FROM admin_log ORDER BY entry_id")
    return [(action, subject, json.loads(detail)) for action, subject, detail in rows]


async def test_a_token_is_printed_once_and_kept_as_a_digest(sink: Sink, fetch: Fetch) -> None:
    added = sink("add", "--name", " ada ", "--role", "admin", "--days", "30", "--json")
    assert added.code == 0
    document = json.loads(added.out)
    token_id, expires_at = document["token_id"], document["expires_at"]
    assert re.fullmatch(rf"voxc_{token_id}_[0-9a-f]{{64}}", document["token"])
    assert (document["name"], document["role"]) == ("ada", "admin")
    ends = datetime.fromisoformat(expires_at) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < ends <= timedelta(days=30)
    [(row,)] = await fetch("SELECT console_token::text FROM console_token")
    assert document["token"][-64:] not in row
    assert await log_of(fetch) == [
        (
            "console.token.add",
            token_id,
            {"name": "ada", "role": "admin", "expires_at": expires_at},
        )
    ]


def test_without_a_role_it_is_a_viewer_for_ninety_days(sink: Sink) -> None:
    added = sink("add", "--name", "vic")
    token, said = added.out.splitlines()
    assert re.fullmatch(r"voxc_[0-9a-f]{16}_[0-9a-f]{64}", token)
    assert said.startswith("for 'vic' as viewer, good until ")
    ends = datetime.fromisoformat(said.rpartition(" ")[2]) - datetime.now(UTC)
    assert ends.days in (89, 90)


async def test_tokens_are_listed_and_revoked_once(sink: Sink, fetch: Fetch) -> None:
    assert sink("list").out == "there is no token\n"
    first, second = [
        json.loads(sink("add", "--name", name, "--json").out)["token_id"] for name in ("a", "b")
    ]
    revoked = json.loads(sink("revoke", first, "--json").out)
    assert sink("revoke", first).out == f"revoked {first} at {revoked['revoked_at']}\n"
    await fetch("UPDATE console_token SET expires_at = '2026-01-02' WHERE token_id = $1", second)
    lines = sink("list").out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [first, second]
    assert f"revoked, since {revoked['revoked_at']}" in lines[0]
    assert "expired, since 2026-01-02T00:00:00.000Z" in lines[1]
    listed = json.loads(sink("list", "--json").out)["tokens"]
    assert [(token["name"], token["state"]) for token in listed] == [
        ("a", "revoked"),
        ("b", "expired"),
    ]
    *added, revoked = await log_of(fetch)
    assert [action for action, _, _ in added] == ["console.token.add"] * 2
    assert (revoked[0], revoked[2]) == ("console.token.revoke", {"name": "a"})


def test_a_token_that_is_pasted_is_revoked_by_its_id_and_never_repeated(sink: Sink) -> None:
    shown = json.loads(sink("add", "--name", "a", "--json").out)["token"]
    _, token_id, secret = shown.split("_")
    ran = sink("revoke", shown)
    assert (ran.code, token_id in ran.out, secret in ran.out + ran.err) == (0, True, False)
    damaged = sink("revoke", shown[:-1])
    assert (damaged.code, secret[:8] in damaged.out + damaged.err) == (1, False)


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (("add",), 2, "--name"),
        (("add", "--name", "  "), 2, "blank name"),
        (("add", "--name", "a\x1b[2J"), 2, "at most 128 printable"),
        (("add", "--name", "a", "--role", "root"), 2, "not one of"),
        (("add", "--name", "a", "--days", "367"), 2, "less than or equal to 366"),
        (("revoke", "0" * 16), 1, "there is no such token, expected an id as"),
    ],
)
def test_what_cannot_be_is_refused(
    sink: Sink, flags: tuple[str, ...], code: int, message: str
) -> None:
    ran = sink(*flags)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


@pytest.mark.parametrize("verb", ["add", "list", "revoke"])
def test_each_verb_has_json_and_an_example_in_its_help(verb: str) -> None:
    ran = run_cli("vox-telemetry-sink", *TOKEN, verb, "--help")
    assert ran.code == 0
    assert f"Example: vox-telemetry-sink console token {verb}" in ran.out
    assert "--json" in ran.out
