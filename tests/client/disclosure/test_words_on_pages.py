"""What the pages say of numbers and of what lies set aside."""

import html
import re

import httpx

from support.client_world import put
from support.operator_machine import Machine, looking_at


def _words(answer: httpx.Response) -> str:
    """Return the words one after another."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


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
