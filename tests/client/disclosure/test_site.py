"""The pages as a visitor gets them: hostile bytes, damage, a long backlog, and nothing changed."""

import hashlib
import html
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec import structs

from support.client_world import consent_to, put, tree
from support.operator_machine import Machine, looking_at
from vox_telemetry_client import consent_file, key_list, lock
from vox_telemetry_client.config import Config
from vox_telemetry_client.disclosure import serving
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem

SMUGGLED = "019abcde-0000-7000-8000-000000000009"
EVERY_PAGE = ("/", "/insights", "/pending", "/rejected", "/sent", "/decisions")
HOSTILE = b"<script>alert(1)</script>\"'&\xff\x00\x1b[31m"


def _text(answer: httpx.Response) -> str:
    """Return what a browser would show, roughly: the tags taken out."""
    return html.unescape(re.sub(r"<[^>]*>", "", answer.text))


def _words(answer: httpx.Response) -> str:
    """Return the words one after another."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def test_nothing_changes_and_no_lock_is_touched_by_looking(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[int] = []
    monkeypatch.setattr(lock, "_try", lambda descriptor: locked.append(descriptor) or True)
    root = machine.config.spool.parent
    before = tree(root), {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    batch, rejected = machine.pending[1], machine.rejected[0]
    pages = (*EVERY_PAGE, f"/pending/{batch}", f"/pending/{batch}/event/0", "/sent/3")
    with looking_at(machine.config) as visitor:
        for page in (*pages, f"/rejected/{rejected}", f"/rejected/{rejected}/raw", "/nothing"):
            visitor.get(page)
    assert (tree(root), {path: path.stat().st_mtime_ns for path in root.rglob("*")}) == before
    assert locked == []


def test_looking_makes_no_spool_and_no_store(config: Config, tmp_path: Path) -> None:
    nowhere = replace(config, spool=tmp_path / "none" / "spool")
    with looking_at(nowhere) as visitor:
        for page in EVERY_PAGE:
            assert visitor.get(page).status_code == 200
        assert "There is no spool yet" in visitor.get("/pending").text
    assert not (tmp_path / "none").exists()
    assert not config.store.parent.exists()


def test_the_download_is_the_file_and_its_digest_the_one_shown(machine: Machine) -> None:
    for room, name in (("pending", machine.pending[1]), ("rejected", machine.rejected[0])):
        payload = (machine.config.spool / room / f"{name}.json").read_bytes()
        with looking_at(machine.config) as visitor:
            raw = visitor.get(f"/{room}/{name}/raw")
            page = visitor.get(f"/{room}/{name}")
        assert raw.content == payload
        assert raw.headers["content-disposition"] == f'attachment; filename="{name}.json"'
        assert hashlib.sha256(payload).hexdigest() in page.text
        assert payload.decode() in _text(page)


def test_an_event_tells_why_it_is_allowed(machine: Machine) -> None:
    with looking_at(machine.config) as visitor:
        said = _words(visitor.get(f"/pending/{machine.pending[1]}/event/2"))
    for words in (
        "build.summary",
        "Sensitivity S0",
        "Transmission approved_usage_upload",
        "Approved by you",
        "closed contract contracts/telemetry/usage-event-build-summary.v1.schema.json",
        "forbidden-field rules, now and at enqueue; none found anything",
        "Consented to",
        "https://telemetry.example.org/v1/batches",
        "secret.aws-access-key",
    ):
        assert words in said


def test_a_batch_tells_why_it_would_not_be_sent_now(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, ready = machine.pending[:2]
    with looking_at(machine.config) as visitor:
        assert "it was enqueued before consent was granted" in visitor.get(f"/pending/{early}").text
        assert "The next upload would send it" in visitor.get(f"/pending/{ready}").text
        (machine.config.spool / "pending" / f"{ready}.json").write_bytes(b"{}")
        changed = visitor.get(f"/pending/{ready}").text
        assert "its SHA-256 is not the one in the journal" in changed
        monkeypatch.setenv("DO_NOT_TRACK", "1")
        assert "DO_NOT_TRACK is set: nothing is sent" in visitor.get(f"/pending/{early}").text


@pytest.mark.parametrize(
    ("name", "value", "source"),
    [("VOX_TELEMETRY", "off", "VOX_TELEMETRY"), ("DO_NOT_TRACK", "1", "DO_NOT_TRACK")],
)
def test_an_off_switch_does_not_stop_looking_and_is_named_on_every_page(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str, value: str, source: str
) -> None:
    monkeypatch.setenv(name, value)
    with looking_at(machine.config) as visitor:
        for page in EVERY_PAGE:
            said = _text(visitor.get(page))
            assert "Telemetry is off:" in said
            assert f"Switch: {source}" in said


def test_every_page_says_what_is_not_under_our_control_and_how_to_stop_and_delete(
    machine: Machine,
) -> None:
    with looking_at(machine.config) as visitor:
        for page in EVERY_PAGE:
            said = " ".join(_text(visitor.get(page)).split())
            assert "host application" in said
            assert "not under our control" in said
            assert "~/projects/compiler/.vox/telemetry-upload-queue" in said
            assert "vox-telemetry 0." in said
            assert "vox-telemetry consent deny --purge" in said
            assert str(machine.config.spool) not in said


def test_local_insights_are_never_called_telemetry(machine: Machine) -> None:
    with looking_at(machine.config) as visitor:
        page = visitor.get("/insights").text
    main = _text(httpx.Response(200, text=page[page.index("<main") : page.index("</main")]))
    assert "Local insights" in main
    assert "benchmark_event" in main
    own = main.replace("~/projects/compiler/.vox/telemetry-store/metrics.sqlite3", "")
    (only,) = [line for line in own.splitlines() if "telemetry" in line.lower()]
    assert "Only events that you enqueue from it become telemetry" in only


def test_a_receipt_says_that_the_bytes_are_gone_and_the_digest_stays(machine: Machine) -> None:
    digest = hashlib.sha256(machine.sent[3]).hexdigest()
    with looking_at(machine.config) as visitor:
        page = " ".join(_text(visitor.get("/sent/3")).split())
    assert digest in page
    assert "deleted after this receipt came. The digest stays" in page
    assert "Verified now:" in page


def test_a_refusal_is_told_by_place_and_rule(machine: Machine) -> None:
    with looking_at(machine.config) as visitor:
        page = _text(visitor.get(f"/rejected/{machine.rejected[0]}"))
    for words in ("the batch breaks the contract", "422", "/metadata/details/lane", "time.too-old"):
        assert words in page


def test_hostile_names_and_bytes_are_shown_and_do_nothing(spool: Spool, config: Config) -> None:
    (batch,) = put(spool)
    spool.set_aside(
        batch.batch_id, Problem(type="<script>t</script>", title="<b>x</b>", detail="\u202e")
    )
    pending = os.fsencode(spool.folder.pending)
    for name in (b"<script>alert(1)<|script>.json", b"\xff\x1b[31m.json", b"..\xe2\x80\xaejson"):
        (Path(os.fsdecode(pending)) / os.fsdecode(name)).write_bytes(b"x")
    (spool.folder.pending / f"{SMUGGLED}.json").write_bytes(HOSTILE)
    (spool.folder.rejected / f"{SMUGGLED}.json").write_bytes(HOSTILE)
    with spool.folder.journal.open("ab") as file:
        file.write(HOSTILE + b"\n")
    pages = (
        *EVERY_PAGE,
        f"/pending/{SMUGGLED}",
        f"/rejected/{SMUGGLED}",
        f"/rejected/{batch.batch_id}",
    )
    with looking_at(config) as visitor:
        for page in pages:
            answer = visitor.get(page)
            assert answer.status_code == 200
            assert "<script" not in answer.text
            assert "<b>x" not in answer.text
            assert "\x1b" not in answer.text
            assert "\u202e" not in answer.text
        assert visitor.get(f"/pending/{SMUGGLED}/raw").content == HOSTILE
        shown = _text(visitor.get(f"/pending/{SMUGGLED}"))
        assert "Not all of these" in shown
        assert r"<script>alert(1)</script>" in html.unescape(
            visitor.get(f"/pending/{SMUGGLED}").text
        )
        assert "the journal has 1 line that cannot be read; it decides nothing" in _text(
            visitor.get("/")
        )


def test_without_a_key_no_page_says_that_a_batch_would_be_sent(machine: Machine) -> None:
    key_list.change(lambda kept: structs.replace(kept, keys=[], current=None))
    with looking_at(machine.config) as visitor:
        said = _words(visitor.get("/pending"))
        assert "Why nothing would be sent now no signing key yet" in said
        assert "would be sent" not in said.partition("see above")[2]
        assert "kept: see above" in said
        page = visitor.get(f"/pending/{machine.pending[1]}").text
    assert "The next upload would send it" not in page


def test_consent_is_told_as_it_covers_the_batch(machine: Machine) -> None:
    early = machine.pending[0]
    with looking_at(machine.config) as visitor:
        page = _words(visitor.get(f"/pending/{early}/event/0"))
        assert "Not consented to: your consent of" in page
        kept = consent_file.read().consent
        assert kept is not None
        machine.spool.decided(kept, include_pending=True)
        page = _words(visitor.get(f"/pending/{early}"))
        assert "with all that was pending then, as this batch was" in page


def test_an_approved_event_that_breaks_a_rule_by_now_is_not_called_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = machine.pending[1]
    later = datetime.now(UTC) + timedelta(days=4_000)
    monkeypatch.setattr(serving, "now", lambda: later)
    with looking_at(machine.config) as visitor:
        event = _words(visitor.get(f"/pending/{ready}/event/0"))
        batch = _words(visitor.get(f"/pending/{ready}"))
    assert "Why it is refused" not in event
    assert "An upload asks no rule again and would send it; the sink decides" in event
    assert "Why its events are allowed" not in batch
    assert "A check made now finds broken rules in 50 of the events listed below" in batch


def test_broken_rules_in_a_file_that_was_put_there_have_words(spool: Spool, config: Config) -> None:
    path = spool.folder.pending / f"{SMUGGLED}.json"
    path.write_bytes(b'{"a":1,"events":[{"metric_type":"x"},7]}')
    with looking_at(config) as visitor:
        page = visitor.get(f"/pending/{SMUGGLED}").text
        assert "none admits it" in page
        assert "Nobody approved these bytes" in page
        assert "Why its events are allowed" not in page
        said = _text(visitor.get(f"/pending/{SMUGGLED}/event/0"))
        assert "Why it is refused" in said
        assert "contract.unknown-metric-type" in said
        assert "contract.type" in visitor.get(f"/pending/{SMUGGLED}/event/1").text
        assert visitor.get(f"/pending/{SMUGGLED}/event/2").status_code == 404
        assert visitor.get(f"/pending/{SMUGGLED}/from/2").status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        "/nothing",
        f"/pending/{SMUGGLED}",
        f"/rejected/{SMUGGLED}",
        "/sent/7",
        f"/pending/{SMUGGLED}/raw",
    ],
)
def test_what_is_not_there_is_said_in_words(config: Config, page: str) -> None:
    with looking_at(config) as visitor:
        answer = visitor.get(page)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_spool_that_others_may_enter_is_told_and_not_shown(spool: Spool, config: Config) -> None:
    put(spool)
    with looking_at(config) as visitor:
        spool.folder.root.chmod(0o755)
        answer = visitor.get("/pending")
    assert answer.status_code == 503
    assert "has mode 0755, expected 0700" in answer.text


def test_a_damaged_list_of_keys_has_words(machine: Machine) -> None:
    key_list.path().write_text("{")
    with looking_at(machine.config) as visitor:
        for page in ("/", "/sent", "/sent/3", "/decisions"):
            answer = visitor.get(page)
            assert answer.status_code == 200
            if "sent" in page:
                assert "The keys of sinks cannot be read" in answer.text


def test_no_secret_is_on_any_page(machine: Machine) -> None:
    secret = replace(machine.config, upload_token="s3cret-token", upload_url="https://t.example")
    with looking_at(secret) as visitor:
        assert not any("s3cret-token" in visitor.get(page).text for page in EVERY_PAGE)
        assert "https://t.example/v1/batches" in visitor.get("/decisions").text


def test_each_page_of_a_long_backlog_is_short(
    spool: Spool, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(spool, events=500, max_events=1)
    consent_to("https://t.example")
    with looking_at(config) as visitor:
        seen: list[str] = []
        page = "/pending"
        while page:
            text = visitor.get(page).text
            seen += re.findall(r'<a href="/pending/([0-9a-f-]{36})"', text)
            assert len(text) < 60_000
            following = re.search(r'href="(/pending/after/[0-9a-f-]{36})"', text)
            page = following[1] if following else ""
    assert seen == sorted(spool.pending())
