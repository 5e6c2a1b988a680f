import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
Sink = Callable[..., Any]


async def test_a_code_is_shown_once_and_kept_as_its_sha256_only(sink: Sink, fetch: Fetch) -> None:
    ran = sink("keys", "invite", "--name", "build farm")
    assert ran.code == 0
    shown, about = ran.out.splitlines()
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}", shown)
    assert about.startswith("for one key of 'build farm', to be used before 20")
    digest = hashlib.sha256(shown.replace("-", "").encode()).digest()
    [(kept, made_at, expires_at, *rest)] = await fetch(
        "SELECT code_sha256, made_at, expires_at, name, max_sensitivity, families, valid_days,"
        " used_at, used_by FROM enrolment_code"
    )
    assert (kept, expires_at - made_at) == (digest, timedelta(hours=24))
    assert rest == ["build farm", "S1", None, None, None, None]
    [(action, subject)] = await fetch("SELECT action, subject FROM admin_log")
    assert (action, subject) == ("keys.invite", digest.hex()[:12])
    everything = await fetch(
        "SELECT enrolment_code::text FROM enrolment_code UNION ALL SELECT admin_log::text FROM admin_log"
    )
    assert shown not in str(everything)
    assert shown.replace("-", "") not in str(everything)


async def test_what_the_key_will_get_goes_with_the_code(sink: Sink, fetch: Fetch) -> None:
    ran = sink(
        "keys", "invite", "--name", "a", "--max-sensitivity", "S2", "--family", "mcp_surface_s2",
        "--valid-days", "90", "--expires-hours", "2", "--json",
    )  # fmt: skip
    document = json.loads(ran.out)
    [row] = await fetch(
        "SELECT max_sensitivity, families, valid_days, extract(epoch FROM expires_at - made_at)::int"
        " FROM enrolment_code"
    )
    assert row == ("S2", ["mcp_surface_s2"], 90, 7_200)
    [(subject, detail)] = await fetch("SELECT subject, detail FROM admin_log")
    assert subject == document["code_id"]
    assert json.loads(detail) == {
        "name": "a",
        "max_sensitivity": "S2",
        "families": ["mcp_surface_s2"],
        "valid_days": 90,
        "expires_at": document["expires_at"],
        "needs_approval": False,
    }
    assert document["needs_approval"] is False


async def test_an_invitation_that_needs_approval_says_so_and_is_kept_with_it(
    sink: Sink, fetch: Fetch
) -> None:
    shown = sink("keys", "invite", "--name", "a", "--needs-approval").out.splitlines()
    assert shown[1].endswith("Z, which then waits for keys approve")
    document = json.loads(sink("keys", "invite", "--name", "b", "--needs-approval", "--json").out)
    assert document["needs_approval"] is True
    kept = "SELECT name, needs_approval FROM enrolment_code ORDER BY name"
    assert await fetch(kept) == [("a", True), ("b", True)]
    logged = await fetch("SELECT detail->>'needs_approval' FROM admin_log")
    assert logged == [("true",), ("true",)]


def test_s2_takes_named_families_here_too(sink: Sink) -> None:
    ran = sink("keys", "invite", "--name", "a", "--max-sensitivity", "S2")
    assert (ran.code, ran.out) == (2, "")
    assert "got S2 without --family" in ran.err


def test_two_codes_differ(sink: Sink) -> None:
    shown = {sink("keys", "invite", "--name", "a").out.splitlines()[0] for _ in range(2)}
    assert len(shown) == 2
