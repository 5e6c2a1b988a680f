"""Keys between both installed programs: enrolment by code, rotation, revocation (failure case 50)."""

import asyncio
import json
import time
from pathlib import Path

from support.events import benchmark_event
from support.world import World

NOTICED_WITHIN_S = 2  # every worker believes the registry for a second


def _queue(world: World, folder: Path) -> None:
    path = folder / "events.jsonl"
    path.write_text(
        json.dumps(benchmark_event(metric_value=float(time.monotonic_ns() % 10**9))) + "\n"
    )
    queued = world.client("enqueue", path)
    assert queued.code == 0, queued.err


def _code(world: World, *args: str) -> str:
    invited = world.sink("keys", "invite", "--name", "farm", *args, "--json")
    assert invited.code == 0, invited.err
    return str(json.loads(invited.out)["code"])


def _upload(world: World, **env: str) -> int:
    return world.client("upload", env=env).code


async def _signers(world: World) -> list[str]:
    return [key for (key,) in await world.rows("SELECT key_id FROM batch ORDER BY received_at")]


def _state(world: World, key_id: str) -> str:
    return str(json.loads(world.sink("keys", "show", key_id, "--json").out)["state"])


async def test_a_rotation_by_code_loses_and_refuses_nothing_that_was_queued(
    world: World, tmp_path: Path
) -> None:
    old = json.loads(world.client("keys", "show").out)["kid"]
    _queue(world, tmp_path)
    with world.serving():
        refused = world.client("keys", "rotate", "--enrol", input="00000-00000-00000-00000")
        assert refused.code == 1
        assert "the code is wrong, used or expired" in refused.err
        assert _upload(world) == 0  # the old key signs on
        _queue(world, tmp_path)
        code = _code(world, "--valid-days", "30")
        rotated = world.client("keys", "rotate", "--enrol", "--json", input=code)
        assert rotated.code == 0, rotated.err
        new = json.loads(rotated.out)["current"]
        assert _upload(world) == 0
        # The overlap: the sink still takes the old key, should the new one make trouble.
        _queue(world, tmp_path)
        assert world.client("keys", "use", old).code == 0
        assert _upload(world) == 0
    assert world.pending() == []
    assert new != old
    assert await _signers(world) == [old, new, old]
    rows = json.loads(world.client("keys", "list", "--json").out)["keys"]
    (row,) = [row for row in rows if row["key_id"] == new]
    assert (row["enrolment"]["name"], row["enrolment"]["origin"]) == ("farm", world.url)
    assert row["enrolment"]["not_after"] is not None


async def test_a_rotation_by_hand_overlaps_on_both_ends(world: World, tmp_path: Path) -> None:
    old = json.loads(world.client("keys", "show").out)["kid"]
    new = json.loads(world.client("keys", "rotate", "--json").out)["next"]
    jwk = world.client("keys", "show", new).out
    _queue(world, tmp_path)
    with world.serving():
        rotated = world.sink("keys", "rotate", old, "-", input=jwk)
        assert rotated.code == 0, rotated.err
        assert _upload(world) == 0
        _queue(world, tmp_path)
        assert world.client("keys", "use", new).code == 0
        assert _upload(world) == 0
    assert await _signers(world) == [old, new]


async def test_a_revoked_key_keeps_its_queue_until_another_is_enrolled(
    world: World, tmp_path: Path
) -> None:
    old = json.loads(world.client("keys", "show").out)["kid"]
    _queue(world, tmp_path)
    with world.serving():
        assert world.sink("keys", "revoke", old).code == 0
        await asyncio.sleep(NOTICED_WITHIN_S)
        refused = world.client("upload")
        assert refused.code == 1
        assert "the key is revoked; everything is kept: rotate to a new key" in refused.err
        assert len(world.pending()) == 1
        code = _code(world)
        rotated = world.client("keys", "rotate", "--enrol", "--json", input=code)
        assert rotated.code == 0, rotated.err
        assert _upload(world) == 0
    assert world.pending() == []
    assert await _signers(world) == [json.loads(rotated.out)["current"]]


async def test_a_key_that_waits_for_approval_keeps_its_queue_until_it_is_approved(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "key.jwk"
    key_id = json.loads(world.client("keys", "generate", "--file", path, "--json").out)["key_id"]
    env = {"VOX_TELEMETRY_KEY_FILE": str(path)}
    _queue(world, tmp_path)
    before = {name: (world.spool / "pending" / name).read_bytes() for name in world.pending()}
    ask = f"ask whoever runs the sink to approve key {key_id}"
    with world.serving():
        code = _code(world, "--needs-approval")
        enrolled = world.client("keys", "enrol", env=env, input=code)
        assert (enrolled.code, "it waits for approval, and nothing" in enrolled.err) == (0, True)
        assert ask in enrolled.err
        refused = world.client("upload", env=env)
        assert refused.code == 1
        assert refused.err.count(ask) == 1
        assert f"the key waits for approval; everything is kept: {ask}" in refused.err
        kept = {name: (world.spool / "pending" / name).read_bytes() for name in world.pending()}
        assert (len(kept), kept) == (1, before)
        assert json.loads(world.client("status", "--json", env=env).out)["next"].startswith(ask)
        assert _state(world, key_id) == "waiting"
        approved = world.sink("keys", "approve", key_id)
        assert (approved.code, approved.err) == (0, "")
        await asyncio.sleep(NOTICED_WITHIN_S)
        assert _upload(world, **env) == 0
    assert world.pending() == []
    assert await _signers(world) == [key_id]
    assert _state(world, key_id) == "good"
    status = json.loads(world.client("status", "--json", env=env).out)
    assert status["key_waits_for_approval"] is False
    logged = await world.rows("SELECT action, subject FROM admin_log ORDER BY entry_id")
    actions = [action for action, subject in logged if subject == key_id]
    assert actions == ["keys.enrol", "keys.approve"]


async def test_an_expired_key_keeps_its_queue(world: World, tmp_path: Path) -> None:
    old = json.loads(world.client("keys", "show").out)["kid"]
    new = json.loads(world.client("keys", "rotate", "--json").out)["next"]
    jwk = world.client("keys", "show", new).out
    _queue(world, tmp_path)
    with world.serving():
        assert world.sink("keys", "rotate", old, "-", "--overlap-hours", "0", input=jwk).code == 0
        await asyncio.sleep(NOTICED_WITHIN_S)
        refused = world.client("upload")
        assert (refused.code, "everything is kept" in refused.err) == (1, True)
        assert len(world.pending()) == 1
        assert world.client("keys", "use", new).code == 0
        assert _upload(world) == 0
    assert await _signers(world) == [new]


async def test_a_server_without_a_keyring_enrols_and_uploads_with_a_key_file(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "key.jwk"
    assert world.client("keys", "generate", "--file", path).code == 0
    headless = {
        "VOX_TELEMETRY_KEY_FILE": str(path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    _queue(world, tmp_path)
    (tmp_path / "code").write_text(_code(world))
    with world.serving():
        enrolled = world.client(
            "keys", "enrol", "--json", "--code-file", tmp_path / "code", env=headless
        )
        assert enrolled.code == 0, enrolled.err
        again = world.client("keys", "enrol", "--code-file", tmp_path / "code", env=headless)
        assert again.code == 0, again.err  # the same code counts once for the same key
        assert _upload(world, **headless) == 0
    assert await _signers(world) == [json.loads(enrolled.out)["key_id"]]
