"""Signed receipts between both installed programs, and their proof afterwards (issue 5 point 4)."""

import json
from pathlib import Path

from support.events import benchmark_event
from support.world import World


def _queue(world: World, folder: Path, value: float) -> None:
    path = folder / "events.jsonl"
    path.write_text(json.dumps(benchmark_event(metric_value=value)) + "\n")
    queued = world.client("enqueue", path)
    assert queued.code == 0, queued.err


def _signing(world: World, folder: Path, name: str) -> str:
    """Make a receipt key and give its id."""
    made = world.sink("receipt-key", "generate", "--out", folder / name, "--json")
    assert made.code == 0, made.err
    return str(json.loads(made.out)["key_id"])


def _findings(world: World) -> tuple[int, list[tuple[str, str | None]]]:
    ran = world.client("journal", "verify", "--json")
    document = json.loads(ran.out)
    rows = [(row["finding"], row["key_id"]) for row in document["receipts"]]
    assert sum(document["totals"].values()) == len(rows)
    return ran.code, rows


def test_receipts_are_pinned_at_enrolment_rotated_and_verified_without_a_network(
    world: World, tmp_path: Path
) -> None:
    _queue(world, tmp_path, 1.0)
    with world.serving():
        assert world.client("upload").code == 0  # enrolled by hand: nothing is pinned
    first = _signing(world, tmp_path, "first.pem")
    code = json.loads(world.sink("keys", "invite", "--name", "farm", "--json").out)["code"]
    with world.serving(VOX_SINK_RECEIPT_KEY_FILE=str(tmp_path / "first.pem")):
        rotated = world.client("keys", "rotate", "--enrol", "--json", input=code)
        assert rotated.code == 0, rotated.err
        _queue(world, tmp_path, 2.0)
        assert world.client("upload").code == 0
    assert _findings(world) == (0, [("unsigned", None), ("ok", first)])

    second = _signing(world, tmp_path, "second.pem")
    _queue(world, tmp_path, 3.0)
    with world.serving(VOX_SINK_RECEIPT_KEY_FILE=str(tmp_path / "second.pem")):
        stopped = world.client("upload")
        assert stopped.code == 1
        assert "signed with another key than the pinned one" in stopped.err
        assert "everything is kept: somebody else may be answering" in stopped.err
        assert len(world.pending()) == 1
        again = world.client("keys", "enrol", "--json", input=code)
        assert again.code == 0, again.err
        assert world.client("upload").code == 0  # the sink held it already
    assert world.pending() == []
    assert _findings(world) == (0, [("unsigned", None), ("ok", first), ("ok", second)])

    # The sink is gone, and its keys are kept when those of this user go.
    for row in json.loads(world.client("keys", "list", "--json").out)["keys"]:
        assert world.client("keys", "remove", row["key_id"]).code == 0
    assert _findings(world) == (0, [("unsigned", None), ("ok", first), ("ok", second)])
    journal = world.spool / "journal.jsonl"
    text = journal.read_text()
    journal.write_text(
        text.replace('"event_count":1,"received_at"', '"event_count":2,"received_at"')
    )
    code_, rows = _findings(world)
    assert (code_, [finding for finding, _ in rows]) == (1, ["unsigned", "wrong", "wrong"])
    plain = world.client("journal", "verify")
    assert plain.code == 1
    assert "0 ok, 1 unsigned, 0 unpinned, 2 wrong" in plain.out
