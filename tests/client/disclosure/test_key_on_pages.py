"""What the pages say of the key that signs: the same as `vox-telemetry status`."""

import html
import json
import re

import httpx
from msgspec import structs

from support.cli import run_cli
from support.operator_machine import ORIGIN, OWN, Machine, looking_at
from vox_telemetry_client import key_list
from vox_telemetry_client.key_list import Enrolment

AT = "2026-11-22T12:00:00.000Z"
UPLOAD = "vox-telemetry upload --dry-run"


def note(said: Enrolment) -> None:
    """Write down of the only key what a sink said of it."""
    (own,) = key_list.read().keys
    key_list.change(lambda keys: keys.with_key(structs.replace(own, enrolment=said)))


def _words(answer: httpx.Response) -> str:
    """Return the words one after another."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def _as_shown(text: str) -> str:
    """Return a message as `_words` finds it: the backticks are code, set off by spaces."""
    return " ".join(text.replace("`", " ").split())


def test_with_a_key_that_waits_for_approval_no_page_says_that_a_batch_would_be_sent(
    machine: Machine,
) -> None:
    note(Enrolment(AT, ORIGIN, "op", "S1", waits_for_approval=True))
    env = {"VOX_TELEMETRY_SPOOL_DIR": str(machine.config.spool)}
    status = json.loads(run_cli("vox-telemetry", "status", "--json", env=env).out)
    ask = f"ask whoever runs the sink to approve key {OWN.public.key_id}"
    waits = f"key {OWN.public.key_id} waits for approval, and nothing that it signs is taken"
    with looking_at(machine.config) as visitor:
        overview = visitor.get("/")
        pending = _words(visitor.get("/pending"))
        batch = _words(visitor.get(f"/pending/{machine.pending[1]}"))
    assert status["next"].startswith(ask)
    assert _as_shown(status["next"]) in _words(overview)
    assert UPLOAD not in overview.text
    assert f"Why nothing would be sent now {waits} until then: {ask}" in pending
    assert "would be sent" not in pending.partition("see above")[2]
    assert f"Why it would not be sent now {waits} until then: {ask}" in batch
    assert "The next upload would send it" not in batch


def test_with_a_key_that_the_sink_called_revoked_the_pages_say_how_to_replace_it(
    machine: Machine,
) -> None:
    note(Enrolment(AT, ORIGIN, "op", "S1", revoked=True))
    rotate = "rotate to a new key: vox-telemetry keys rotate --enrol"
    with looking_at(machine.config) as visitor:
        overview = visitor.get("/")
        pending = _words(visitor.get("/pending"))
    assert rotate in _words(overview)
    assert UPLOAD not in overview.text
    assert f"the sink has called the key that signs revoked: {rotate}" in pending


def test_with_a_damaged_list_of_keys_the_overview_says_so_and_advises_no_upload(
    machine: Machine,
) -> None:
    with looking_at(machine.config) as visitor:
        assert UPLOAD in visitor.get("/").text
        key_list.path().write_text("{")
        overview = visitor.get("/")
    assert "keys.json cannot be read, expected a list of public keys: mend it" in _words(overview)
    assert UPLOAD not in overview.text
