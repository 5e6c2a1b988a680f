"""Each page as a whole: who may see it, which numbers stand where, and what a stranger wrote."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from support.console_data import seed_console, team_key
from support.console_pages import (
    NOW,
    TODAY,
    opened_pages,
    store_day_of,
    store_key,
    store_refusal,
    store_repetitions,
    store_upload,
)
from support.stored import run
from vox_telemetry_sink.config import Config
from vox_telemetry_sink.console.router import FIGURES_FOR_ADMINS, FOR_BOTH_ROLES
from vox_telemetry_sink.console.visitor import Role

FOR_BOTH = (
    "",
    "/overview.csv",
    "/families",
    "/families.csv",
    "/rejections",
    "/rejections-by-rule.csv",
)
FOR_ADMINS = (
    "/keys",
    "/keys.csv",
    "/keys/id",
    "/keys/id/days.csv",
    "/rejections.csv",
    "/storage",
    "/storage.csv",
    "/health",
    "/live",
)
EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def admin(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    async with opened_pages(config) as client:
        yield client


@pytest.fixture
async def viewer(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    async with opened_pages(config, Role.VIEWER) as client:
        yield client


class Tables(HTMLParser):
    """The cells of a page's tables, and which elements are open at its end."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, _attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in ("meta", "link", "input", "rect", "line", "circle", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def starting(self, first: str) -> list[str]:
        """Give the row that begins with a cell."""
        cleaned = [[" ".join(cell.split()) for cell in row] for row in self.rows]
        return next(row for row in cleaned if row and row[0].startswith(first))


async def test_the_made_up_sink_has_a_month_to_show(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    await seed_console(database_url, NOW)
    lines = (await admin.get("/console/overview.csv")).text.splitlines()[1:]
    assert (len(lines), lines[-1].partition(",")[0]) == (30, "2026-11-20")
    assert all(int(line.split(",")[2]) > 100 for line in lines)


async def test_both_roles_see_what_is_k_anonymous_for_a_viewer(
    admin: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    for path in FOR_BOTH:
        assert (await admin.get(f"/console{path}")).status_code == 200
        assert (await viewer.get(f"/console{path}")).status_code == 200


async def test_a_viewer_is_refused_whatever_shows_keys_partitions_or_the_sink(
    database_url: str, admin: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    await store_key(database_url, "id", "team")
    for path in FOR_ADMINS:
        assert (await admin.get(f"/console{path}")).status_code == 200
        refused = await viewer.get(f"/console{path}")
        assert refused.status_code == 403
        assert "for administrators" in refused.text
        assert "team" not in refused.text


def test_every_page_is_tried_with_both_roles() -> None:
    handlers = {path for each in (*FOR_BOTH_ROLES, *FIGURES_FOR_ADMINS) for path in each.paths}
    tried = {path or "/" for path in (*FOR_BOTH, *FOR_ADMINS)}
    assert handlers == {path.replace("/keys/id", "/keys/{key_id:str}") for path in tried}


async def test_no_page_of_a_viewer_names_a_key(
    database_url: str, viewer: httpx.AsyncClient
) -> None:
    await seed_console(database_url, NOW)
    for path in FOR_BOTH:
        text = (await viewer.get(f"/console{path}")).text
        assert team_key("mobile-sdk").public.key_id not in text
        assert "mobile-sdk" not in text
    assert "Only groups of at least 20 keys are shown" in (await viewer.get("/console")).text


async def test_the_overview_adds_up(database_url: str, admin: httpx.AsyncClient) -> None:
    await store_key(database_url, "k", "team")
    await store_upload(database_url, "k", NOW, {"benchmark": 1500, "error": 500})
    await store_upload(database_url, "k", NOW - timedelta(days=29), {"error": 10})
    await store_upload(database_url, "k", NOW - timedelta(days=30), {"error": 7})
    await store_repetitions(database_url, "k", TODAY, 2, 33)
    await store_refusal(database_url, "k", NOW, ("contract.type", "/x"), events=4)
    text = (await admin.get("/console")).text
    figures = re.findall(r'<span class="value">(.*?)</span>|<dd>(.*?)</dd>', text)
    assert [one or other for one, other in figures][:12] == [
        *("2\u202f000", "1", "2\u202f010", "2"),  # accepted: events, batches; of 30 days the same
        *("33", "2", "33", "2"),
        *("4", "1", "4", "1"),
    ]
    tables = Tables(text)
    assert tables.starting("2026-11-20")[1:] == ["2 000", "1", "33", "2", "4", "1"]
    assert tables.starting("2026-10-22")[1:] == ["10", "1", "0", "0", "0", "0"]
    assert tables.starting("benchmark")[1:] == ["1 500", "75.0 %"]
    assert "2026-11-20: accepted 2\u202f000, duplicate 33, rejected 4" in text
    assert "Nothing needs attention." in text
    assert "contract.type" in text


async def test_an_empty_sink_says_what_to_do(database_url: str, admin: httpx.AsyncClient) -> None:
    assert "vox-telemetry-sink keys invite" in (await admin.get("/console")).text
    await store_key(database_url, "k", "team")
    text = (await admin.get("/console")).text
    assert "Nothing has arrived in the last 30 days" in text
    assert "vox-telemetry doctor" in text


async def test_the_overview_says_what_needs_attention(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    await store_key(database_url, "w", "waiting one", approved_at=None)
    await store_key(database_url, "e", "ending one", not_after=NOW + timedelta(days=2))
    text = (await admin.get("/console")).text
    assert "1 key waits for an administrator&#39;s approval" in text
    assert "Key “ending one” ends on 2026-11-22 15:20 UTC" in text


async def test_families_are_filtered_by_days_and_family(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    await store_upload(database_url, "k", NOW, {"benchmark": 30, "later_family": 10})
    await store_upload(database_url, "k", NOW - timedelta(days=10), {"benchmark": 60})
    all_of_it = Tables((await admin.get("/console/families")).text)
    assert all_of_it.starting("benchmark")[1:5] == ["benchmark_event", "S0", "90", "90.0 %"]
    assert all_of_it.starting("later_family")[1:5] == [
        *("unknown to this version", "—", "10", "10.0 %")
    ]
    week = Tables((await admin.get("/console/families?days=7")).text)
    assert week.starting("benchmark")[3] == "30"
    sheet = (await admin.get("/console/families.csv?days=7&family=benchmark")).text
    assert sheet == (
        "day,family,metric_type,sensitivity,events\r\n2026-11-20,benchmark,benchmark_event,S0,30\r\n"
    )


async def test_keys_are_filtered_by_state_and_text(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    await store_key(database_url, "id-one", "Compiler Team")
    await store_key(database_url, "id-two", "web", revoked_at=NOW)
    await store_key(database_url, "id-three", "new", approved_at=None)
    for query, names in (
        ("", {"Compiler Team", "web", "new"}),
        ("?text=compiler", {"Compiler Team"}),
        ("?text=id-tw", {"web"}),
        ("?state=waiting", {"new"}),
        ("?state=revoked&text=compiler", set()),
    ):
        text = (await admin.get(f"/console/keys{query}")).text
        assert {
            name for name in ("Compiler Team", "web", "new") if f">{name}</bdi>" in text
        } == names
    text = (await admin.get("/console/keys")).text
    assert 'href="/console/keys/id-three/approve"' in text
    assert 'href="/console/keys/id-one/revoke"' in text
    assert "/console/keys/id-two/revoke" not in text
    assert "/console/keys/id-one/approve" not in text


async def test_of_many_keys_the_page_shows_200_and_the_file_all(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    await run(
        database_url,
        "INSERT INTO client_key (key_id, public_key, name, enrolled_at, approved_at) SELECT"
        " 'id-' || i, sha256(i::text::bytea), 'name ' || i, $1, $1 FROM generate_series(1, 201) i",
        NOW,
    )
    text = (await admin.get("/console/keys")).text
    assert text.count('/revoke"') == 200
    assert "These are the first 200" in text
    assert "201 keys" in text
    assert len((await admin.get("/console/keys.csv")).text.splitlines()) == 202


async def test_keys_as_csv_byte_for_byte(database_url: str, admin: httpx.AsyncClient) -> None:
    await store_key(database_url, "id", '=cmd|"x"', families=["benchmark", "error"])
    await store_upload(database_url, "id", NOW, {"benchmark": 5}, version="0.5.1")
    answer = await admin.get("/console/keys.csv?state=good")
    assert answer.content == (
        b"key_id,name,state,max_sensitivity,families,enrolled_at,not_before,not_after,revoked_at,"
        b"last_seen,versions,batches_30_days,events_30_days,rejected_batches_30_days\r\n"
        b'id,"\'=cmd|""x""",good,S1,benchmark error,2026-11-20T15:20:00.000Z,,,,'
        b"2026-11-20T15:20:00.000Z,0.5.1,1,5,0\r\n"
    )
    assert answer.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="keys.csv"'


async def test_a_viewers_page_of_families_says_no_zero_of_what_may_be_hidden(
    database_url: str, viewer: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    await store_day_of(database_url, 20, NOW)
    await store_day_of(database_url, 19, NOW - timedelta(days=1))
    hidden = Tables((await viewer.get("/console/families?days=7")).text).starting("2026-11-19")
    shown = Tables((await admin.get("/console/families?days=7")).text).starting("2026-11-19")
    assert (hidden[1], shown[1]) == ("—", "57")
    for path in ("", "/families?days=7"):
        told = "2026-11-18: events 0" if path else "2026-11-18: accepted 0"
        assert told not in (await viewer.get(f"/console{path}")).text
        assert told in (await admin.get(f"/console{path}")).text


async def test_a_viewers_csv_leaves_empty_what_may_be_hidden(
    database_url: str, viewer: httpx.AsyncClient
) -> None:
    await store_day_of(database_url, 20, NOW)
    await store_day_of(database_url, 19, NOW - timedelta(days=1))
    lines = (await viewer.get("/console/overview.csv")).text.splitlines()
    assert lines[0] == "day,accepted_events,duplicate_events,rejected_events"
    assert lines[-2:] == ["2026-11-19,,,", "2026-11-20,60,100,40"]


async def test_one_key_has_its_days_and_its_rejections(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    await store_key(database_url, "id", "team", replaces="older")
    await store_upload(database_url, "id", NOW, {"benchmark": 5})
    await store_upload(database_url, "other", NOW, {"benchmark": 500})
    await store_refusal(database_url, "id", NOW, ("contract.type", "/metric_value"))
    text = (await admin.get("/console/keys/id")).text
    assert Tables(text).starting("2026-11-20 15:20")[2] == (
        "contract.type at /metric_value of event 0"
    )
    assert 'href="/console/keys/older"' in text
    sheet = await admin.get("/console/keys/id/days.csv")
    assert sheet.text.splitlines()[-1] == "2026-11-20,1,5,0,0,1,10"
    assert (await admin.get("/console/keys/nobody")).status_code == 404
    assert (await admin.get("/console/keys/nobody/days.csv")).status_code == 404


async def test_rejections_have_rules_places_and_no_value(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    await store_key(database_url, "id", "team")
    await store_refusal(database_url, "id", NOW, ("contract.enum", "/metadata/details/0"))
    text = (await admin.get("/console/rejections?rule=contract.enum")).text
    assert Tables(text).starting("contract.enum")[1:] == [
        *("/metadata/details/0", "1", "1", "1", "2026-11-20", "2026-11-20 15:20")
    ]
    sheet = (await admin.get("/console/rejections.csv")).text.splitlines()
    digest = "a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa"  # sha256sum of y
    assert sheet[1] == (
        "2026-11-20T15:20:00.000Z,id,team,contract-refused,contract.enum,/metadata/details/0,10,"
        + digest
    )
    by_rule = (await admin.get("/console/rejections-by-rule.csv")).text.splitlines()
    assert by_rule[1].startswith("contract-refused,contract.enum,/metadata/details/0,1,1,1,")


async def test_storage_names_what_is_there_and_what_would_go(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    await store_upload(database_url, "k", NOW - timedelta(days=181))
    tables = Tables((await admin.get("/console/storage")).text)
    assert tables.starting("event_default")[1:3] == ["what no month was made for", "—"]
    assert tables.starting("batch")[1:] == ["180 days by received_at", "1 body (4 B), 0 rows"]
    assert tables.starting("0005_console_figures")
    sheet = (await admin.get("/console/storage.csv")).text.splitlines()
    assert sheet[0] == "partition,from,to,bytes,rows_estimate"
    assert sheet[-1].startswith("event_default,,,")


async def test_health_shows_checks_settings_without_secrets_and_the_load(
    admin: httpx.AsyncClient, config: Config
) -> None:
    text = (await admin.get("/console/health")).text
    tables = Tables(text)
    assert tables.starting("database")[1:] == ["sink.E001", "ok", "as it should be"]
    assert tables.starting("queue")[1] == "sink.E005"
    assert tables.starting("upload_token")[1:] == ["VOX_SINK_UPLOAD_TOKEN", "not set"]
    assert "vox:vox@" not in text
    assert "the one worker of this sink" in text
    live = await admin.get("/console/live")
    assert live.headers["content-type"] == "application/json"
    assert json.loads(live.text).keys() == {
        *("whose", "queue_batches", "queue_bytes", "in_flight", "pool"),
        *("commit_time", "check_time", "since"),
    }


async def test_health_says_what_fails_of_a_database_that_went_away_since_the_gate(
    config: Config,
) -> None:
    away = replace(config, database_url="postgresql://u:geheim@127.0.0.1:1/x")
    async with opened_pages(away) as client:
        health = await client.get("/console/health")
        assert (health.status_code, "failing" in health.text) == (200, True)
        overview = await client.get("/console")
        assert overview.status_code == 503
        assert "the database is away" in overview.text
        assert overview.headers["retry-after"] == "2"
        assert "geheim" not in health.text + overview.text


BAD = (
    *("/families?days=2", "/families?days=7&days=7", "/families?colour=red"),
    *("/keys?state=asleep", f"/keys?text={'x' * 201}", f"/rejections?rule={EVIL * 10}"),
    *("?days=7", "/storage?x=1", "/health?x=1", "/families.csv?days=0", "/keys?text=%00"),
)


async def test_a_viewer_cannot_ask_for_a_key(
    admin: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    for path in ("/console/rejections?key=k", "/console/rejections-by-rule.csv?key=k"):
        assert (await admin.get(path)).status_code == 200
        refused = await viewer.get(path)
        assert (refused.status_code, "one of: days, problem, rule." in refused.text) == (400, True)


async def test_a_bad_filter_is_a_page_in_words_and_repeats_nothing(
    admin: httpx.AsyncClient,
) -> None:
    for query in BAD:
        answer = await admin.get(f"/console{query}")
        assert answer.status_code == 400, query
        assert "cannot be filtered as its address says" in answer.text
        assert "<script>alert" not in answer.text
        assert "asleep" not in answer.text


HOSTILE = (
    EVIL,
    '"><img src=x onerror=alert(1)>',
    "\u202egnp.exe\u2066",
    "n" * 10_000,
    "{{ 7*7 }}",
    "a&b'c",
)


async def test_hostile_names_are_shown_harmlessly(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    for number, name in enumerate(HOSTILE):
        key_id = f"id/../{number}?y#z"
        await store_key(database_url, key_id, name, not_after=NOW + timedelta(days=1))
        await store_upload(database_url, key_id, NOW, {EVIL: 1}, version=EVIL)
        await store_refusal(database_url, key_id, NOW, (EVIL, f"/{EVIL}"), problem=EVIL)
    for path in ("", "/families", "/keys", "/rejections", "/keys?text=%3Cscript%3E"):
        answer = await admin.get(f"/console{path}")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert len(answer.text) < 120_000
        assert Tables(answer.text).open == []
    keys = (await admin.get("/console/keys")).text
    assert "{{ 7*7 }}" in keys  # as it was given, not as a template
    for name in ("\u202egnp.exe\u2066", "n" * 80 + "…"):
        assert f">{name}</bdi>" in keys  # isolated, and cut


async def test_the_page_of_a_key_with_a_hostile_name_is_harmless(
    database_url: str, admin: httpx.AsyncClient
) -> None:
    await store_key(database_url, "id", EVIL + "n" * 10_000)
    text = (await admin.get("/console/keys/id")).text
    assert "<script>alert" not in text
    assert f"<bdi>&lt;script&gt;alert(1)&lt;/script&gt;{'n' * 10_000}</bdi>" in text


async def test_a_filter_that_finds_nothing_is_shown_again_escaped(
    admin: httpx.AsyncClient,
) -> None:
    text = (await admin.get("/console/families", params={"family": '"><script>'})).text
    assert "No stored event matches" in text
    assert '"><script>' not in text
    assert "&#34;&gt;&lt;script&gt;" in text
