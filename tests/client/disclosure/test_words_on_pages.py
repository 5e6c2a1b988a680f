"""What the pages say of numbers and of what lies set aside."""

import html
import re

import httpx

from support.client_world import put
from support.operator_machine import Machine, looking_at
from vox_telemetry_client.limits import PROBLEM_MAX_VIOLATIONS
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.violations import Violation


def _words(answer: httpx.Response) -> str:
    """Return the words one after another."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def test_changed_bytes_and_a_reason_that_cannot_be_read_are_told_from_missing_ones(
    machine: Machine,
) -> None:
    folder = machine.spool.folder
    batch_id, damaged = machine.pending[-1], machine.rejected[0]
    (folder.pending / f"{batch_id}.json").write_bytes(b"{}")
    (folder.rejected / f"{damaged}.problem.json").write_bytes(b"{")
    with looking_at(machine.config) as visitor:
        pending = _words(visitor.get("/pending"))
        rejected = _words(visitor.get("/rejected"))
    assert f"{batch_id} other bytes were — — never: not the bytes that were approved" in pending
    assert "its reason cannot be read" in rejected
    assert "no reason lies beside it" not in rejected


def test_places_that_were_cut_short_are_at_least_as_many(machine: Machine) -> None:
    places = [Violation(number, "/a", "b") for number in range(PROBLEM_MAX_VIOLATIONS)]
    many, fewer = put(machine.spool, events=2, max_events=1)
    machine.spool.set_aside(many.batch_id, Problem(title="cut", violations=places))
    machine.spool.set_aside(fewer.batch_id, Problem(title="whole", violations=places[1:]))
    with looking_at(machine.config) as visitor:
        rejected = _words(visitor.get("/rejected"))
        page = _words(visitor.get(f"/rejected/{many.batch_id}"))
    assert "Why Places" in rejected
    assert "cut at least 100" in rejected
    assert "whole 99" in rejected
    assert "never a value; places: at least 100" in page


def test_a_damaged_store_is_told_with_what_names_another(machine: Machine) -> None:
    machine.config.store.write_bytes(b"no database, but longer than a header" * 30)
    with looking_at(machine.config) as visitor:
        page = _words(visitor.get("/insights"))
    assert "is damaged or no SQLite database: name another one" in page
    assert "This page shows the store that VOX_TELEMETRY_DB names" in page


def test_one_is_no_plural(machine: Machine) -> None:
    for batch_id in machine.pending:
        (machine.spool.folder.pending / f"{batch_id}.json").unlink()
    (batch,) = put(machine.spool, events=1)
    with looking_at(machine.config) as visitor:
        pending = _words(visitor.get("/pending"))
        page = _words(visitor.get(f"/pending/{batch.batch_id}"))
        overview = _words(visitor.get("/"))
    assert "1 batch with 1 event, the oldest first." in pending
    assert "bytes, 1 event " in page
    assert "Event 0 of 1, counted from 0" in page
    assert "1 pending 1 event " in overview
