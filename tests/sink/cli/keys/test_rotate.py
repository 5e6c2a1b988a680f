import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from support.uploads import new_key
from vox_telemetry_spec.keys import PublicKey

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
Sink = Callable[..., Any]
Enrol = Callable[..., PublicKey]


def rotated(sink: Sink, old_id: str, new: PublicKey, *flags: str) -> Any:
    return sink("keys", "rotate", old_id, "-", *flags, input=json.dumps(new.jwk))


async def test_the_new_key_inherits_and_the_old_one_ends_after_72_hours(
    sink: Sink, enrol: Enrol, fetch: Fetch
) -> None:
    old, new = enrol("--max-sensitivity", "S0", "--family", "benchmark"), new_key().public
    before = datetime.now(UTC)
    document = json.loads(rotated(sink, old.key_id, new, "--json").out)
    ends_at = datetime.fromisoformat(document["old"]["not_after"])
    assert timedelta(hours=71, minutes=59) < ends_at - before < timedelta(hours=72, minutes=1)
    assert (document["old"]["state"], document["old"]["replaced_by"]) == ("good", new.key_id)
    inherited = {name: document["new"][name] for name in ("name", "max_sensitivity", "families")}
    assert inherited == {"name": "test", "max_sensitivity": "S0", "families": ["benchmark"]}
    assert (document["new"]["replaces"], document["new"]["not_after"]) == (old.key_id, None)
    [(subject, detail)] = await fetch(
        "SELECT subject, detail FROM admin_log WHERE action = 'keys.rotate'"
    )
    assert (subject, json.loads(detail)) == (
        new.key_id,
        {
            **inherited,
            "replaces": old.key_id,
            "old_not_after": document["old"]["not_after"],
        },
    )


def test_the_overlap_and_the_new_validity_can_be_set(sink: Sink, enrol: Enrol) -> None:
    old, new = enrol("--valid-days", "10"), new_key().public
    ends_at = json.loads(sink("keys", "show", old.key_id, "--json").out)["not_after"]
    ran = rotated(sink, old.key_id, new, "--overlap-hours", "0")
    assert ran.code == 0
    assert f"; {old.key_id} is good until 20" in ran.out
    rows = json.loads(sink("keys", "list", "--json").out)["keys"]
    assert [(row["state"], row["not_after"] == ends_at) for row in rows] == [
        ("expired", False),
        ("good", True),
    ]
    newest = new_key().public
    document = json.loads(rotated(sink, new.key_id, newest, "--valid-days", "400", "--json").out)
    assert document["new"]["not_after"] > ends_at


def test_an_overlap_never_lengthens_a_validity(sink: Sink, enrol: Enrol) -> None:
    old = enrol("--valid-days", "1")
    ends_at = json.loads(sink("keys", "show", old.key_id, "--json").out)["not_after"]
    document = json.loads(rotated(sink, old.key_id, new_key().public, "--json").out)
    assert document["old"]["not_after"] == document["new"]["not_after"] == ends_at


def test_what_cannot_be_rotated_is_refused_and_changes_nothing(sink: Sink, enrol: Enrol) -> None:
    old, other = enrol(), enrol()
    over = enrol("--valid-from", "2020-01-01T00:00:00Z", "--valid-days", "1")
    gone = enrol()
    sink("keys", "revoke", gone.key_id)
    successor = new_key().public
    assert rotated(sink, old.key_id, successor).code == 0
    before = sink("keys", "list", "--json").out
    for old_id, new, message in [
        ("nobody", new_key().public, "key 'nobody' is not enrolled"),
        (over.key_id, new_key().public, "is expired, expected a good one"),
        (gone.key_id, new_key().public, "is revoked, expected a good one"),
        (old.key_id, new_key().public, f"is replaced by {successor.key_id} already"),
        (other.key_id, successor, "is enrolled already, expected a new one"),
        (other.key_id, other, "is enrolled already, expected a new one"),
    ]:
        ran = rotated(sink, old_id, new)
        assert (ran.code, ran.out) == (1, "")
        assert message in ran.err
    assert sink("keys", "list", "--json").out == before
