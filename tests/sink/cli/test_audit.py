"""`audit verify` in a real Postgres (issue 5 point 6): every column, tampered with, is noticed."""

import gzip
import json
import uuid
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from backports import zstd

from support.cli import run_cli
from support.events import benchmark_event, usage_events
from support.uploads import Upload, new_batch_id, new_key, payload_of
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
SECRET = "hunter2-not-to-be-seen"


@dataclass
class Auditor:
    """A database with batches in it, the means to change it, and what the audit says of it."""

    url: str
    fetch: Fetch

    def verify(self, *args: str) -> Any:
        return run_cli(
            "vox-telemetry-sink", "audit", "verify", *args, env={"VOX_SINK_DATABASE_URL": self.url}
        )

    def found(self) -> list[tuple[str, str, int | None]]:
        ran = self.verify("--json")
        document = json.loads(ran.out)
        assert ran.code == (1 if document["differences"] else 0), ran.err
        assert document["totals"]["differences"] == len(document["differences"])
        return [(one["batch_id"], one["kind"], one.get("event")) for one in document["differences"]]

    async def kinds_after(self, statement: str, *args: object) -> set[str]:
        """Give the kinds that the audit finds after a change, and undo the change."""
        await self.fetch("CREATE TABLE kept_batch AS TABLE batch")
        await self.fetch("CREATE TABLE kept_event AS TABLE event")
        await self.fetch("CREATE TABLE kept_key AS TABLE client_key")
        try:
            await self.fetch(statement, *args)
            return {kind for _, kind, _ in self.found()}
        finally:
            for table in ("batch", "event", "client_key"):
                kept = "kept_key" if table == "client_key" else f"kept_{table}"
                await self.fetch(f"DELETE FROM {table}")  # noqa: S608 -- names of this file
                await self.fetch(f"INSERT INTO {table} TABLE {kept}")
                await self.fetch(f"DROP TABLE {kept}")


@pytest.fixture
def auditor(database_url: str, fetch: Fetch) -> Auditor:
    return Auditor(database_url, fetch)


async def stored(client: httpx.AsyncClient, upload: Callable[..., Upload], **changes: Any) -> str:
    one = upload(**changes)
    answer = await one.post(client)
    assert answer.status_code == 201, answer.text
    return one.batch_id


async def test_what_was_stored_has_no_difference_whatever_its_coding_and_numbers(
    client: httpx.AsyncClient, upload: Callable[..., Upload], auditor: Auditor
) -> None:
    numbers = [0.1, 1e22, 1e23, 5e-324, -0.0, 2**53, 0, None]
    odd = [
        benchmark_event(
            metric_value=value, metadata={"name": "ci_build_timings", "details": {"x": value}}
        )
        for value in numbers
        if value is not None
    ]
    batches: list[list[Any]] = [usage_events()[:300], odd]
    for events, (coding, pack) in zip(
        [*batches, usage_events()[300:320]],
        [(None, bytes), ("gzip", gzip.compress), ("zstd", zstd.compress)],
        strict=True,
    ):
        batch_id = new_batch_id()
        payload = payload_of(*events, batch_id=batch_id)
        await stored(
            client, upload, batch_id=batch_id, payload=payload, body=pack(payload), coding=coding
        )
    assert auditor.found() == []
    ran = auditor.verify()
    assert ran.code == 0
    assert ran.out.startswith(f"3 batches with {300 + len(odd) + 20} events compared, 0 without")


async def test_a_signature_over_more_fields_is_verified_again(
    client: httpx.AsyncClient, key: SigningKey, auditor: Auditor, fetch: Fetch
) -> None:
    one = Upload(key=key)
    plain = {
        name: value for name, value in one.headers().items() if not name.startswith("signature")
    }
    fields = plain | {"x-purpose": "nightly", "user-agent": "mine/1"}
    request = SignableRequest("POST", one.authority, one.path, fields)
    signed = sign_request(request, key, created=one.created, nonce="n" * 16)
    covered = signed["signature-input"].replace(
        '"idempotency-key")', '"idempotency-key" "x-purpose" "user-agent")'
    )
    base_lines = {
        "@method": "POST", "@authority": one.authority, "@path": one.path, **fields,
    }  # fmt: skip
    inner = covered.removeprefix("vox=")
    names = [part.strip('"') for part in inner[1 : inner.index(")")].split()]
    base = "\n".join(
        [*(f'"{name}": {base_lines[name]}' for name in names), f'"@signature-params": {inner}']
    )
    proof = b64encode(key.sign(base.encode())).decode()
    headers = fields | {"signature-input": covered, "signature": f"vox=:{proof}:", "x-other": "no"}
    answer = await client.post(one.path, content=one.body, headers=headers)
    assert answer.status_code == 201, answer.text
    [(kept,)] = await fetch("SELECT signed_request -> 'fields' FROM batch")
    assert json.loads(kept)["x-purpose"] == "nightly"
    assert "x-other" not in json.loads(kept)
    assert auditor.found() == []


async def test_a_signature_that_covers_the_bearer_token_is_refused(
    client: httpx.AsyncClient, key: SigningKey, fetch: Fetch
) -> None:
    one = Upload(key=key)
    headers = one.headers() | {"authorization": f"Bearer {SECRET}"}
    headers["signature-input"] = headers["signature-input"].replace(
        '"idempotency-key")', '"idempotency-key" "authorization")'
    )
    answer = await client.post(one.path, content=one.body, headers=headers)
    assert answer.json()["type"].endswith(":signature-coverage")
    assert await fetch("SELECT count(*) FROM batch") == [(0,)]


OTHER_ID = "019abcde-0000-7000-8000-000000000001"
OTHER_KEY = new_key().public
BATCH_COLUMNS = {
    # column: (what it is set to, the kinds that must be found)
    "batch_id": (f"'{OTHER_ID}'", {"batch-id", "event-missing", "event-without-batch"}),
    "key_id": (f"'{OTHER_KEY.key_id}'", {"key-id", "key-not-enrolled"}),
    "payload_sha256": (r"'\x" + "00" * 32 + "'", {"payload-sha256"}),
    "content_encoding": ("'zstd'", {"content-encoding"}),
    "coded_body": (r"coded_body || '\x20'", {"content-digest", "payload-sha256"}),
    "signed_request": ("jsonb_set(signed_request, '{path}', '\"/v2\"')", {"signature"}),
    "event_count": ("event_count + 1", {"event-count"}),
    "approved_at": ("approved_at + interval '1 ms'", {"approved-at"}),
    "received_at": ("received_at + interval '1 day'", {"received-at", "event.received_at"}),
    "producer_name": (f"'{SECRET}'", {"producer-name"}),
    "producer_version": (f"'{SECRET}'", {"producer-version"}),
    "family_counts": ("'{\"benchmark\": 2}'", {"family-counts"}),
}
EVENT_COLUMNS = {
    "batch_id": (f"'{OTHER_ID}'", {"event-missing", "event-without-batch"}),
    "event_index": ("7", {"event-missing", "event-unexpected"}),
    "received_at": ("received_at + interval '1 ms'", {"event.received_at"}),
    "recorded_at": ("recorded_at - interval '1 us'", {"event.recorded_at"}),
    "family": ("'build_summary'", {"event.family"}),
    "metric_type": (f"'{SECRET}'", {"event.metric_type"}),
    "sensitivity_class": ("'S2'", {"event.sensitivity_class"}),
    "session_id": (f"'{SECRET}'", {"event.session_id"}),
    "metric_value": ("metric_value + 1", {"event.metric_value"}),
    "metadata": (f"jsonb_set(metadata, '{{name}}', '\"{SECRET}\"')", {"event.metadata"}),
}


async def test_tampering_with_each_column_of_a_batch_is_noticed(
    client: httpx.AsyncClient, upload: Callable[..., Upload], auditor: Auditor, fetch: Fetch
) -> None:
    await stored(client, upload)
    columns = await fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'batch'"
    )
    assert {name for (name,) in columns} == set(BATCH_COLUMNS) | {"body_removed_at"}
    for column, (value, kinds) in BATCH_COLUMNS.items():
        found = await auditor.kinds_after(f"UPDATE batch SET {column} = {value}")  # noqa: S608 -- names of this file
        assert found == kinds, column
    assert auditor.found() == []


async def test_tampering_with_each_column_of_an_event_is_noticed(
    client: httpx.AsyncClient, upload: Callable[..., Upload], auditor: Auditor, fetch: Fetch
) -> None:
    await stored(client, upload)
    columns = await fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'event'"
    )
    assert {name for (name,) in columns} == set(EVENT_COLUMNS)
    for column, (value, kinds) in EVENT_COLUMNS.items():
        found = await auditor.kinds_after(f"UPDATE event SET {column} = {value}")  # noqa: S608 -- names of this file
        assert found == kinds, column
    assert auditor.found() == []


SIGNED_MEMBERS = {
    "method": ('"GET"', {"signature"}),
    "authority": ('"other.example"', {"signature"}),
    "{fields,content-type}": ('"text/plain"', {"signature"}),
    "{fields,content-digest}": ('"sha-256=:AA==:"', {"signature", "content-digest"}),
    "{fields,idempotency-key}": (f'"\\"{OTHER_ID}\\""', {"signature", "idempotency-key"}),
    "{fields,signature}": ('"vox=:AA==:"', {"signature"}),
    "{fields,signature-input}": ('"vox=()"', {"signature"}),
    "{fields,content-encoding}": ('"gzip"', {"signature", "content-encoding", "payload"}),
    "{fields}": ("7", {"signed-request"}),
}


async def test_tampering_with_each_member_of_the_signed_request_is_noticed(
    client: httpx.AsyncClient, upload: Callable[..., Upload], auditor: Auditor
) -> None:
    await stored(client, upload)
    for member, (value, kinds) in SIGNED_MEMBERS.items():
        path = member if member.startswith("{") else f"{{{member}}}"
        found = await auditor.kinds_after(
            f"UPDATE batch SET signed_request = jsonb_set(signed_request, '{path}', '{value}')"  # noqa: S608 -- names of this file
        )
        assert found == kinds, member


async def test_events_and_batches_and_keys_that_go_or_come_are_noticed(
    client: httpx.AsyncClient, upload: Callable[..., Upload], auditor: Auditor
) -> None:
    await stored(client, upload)
    copy = (
        "INSERT INTO event SELECT batch_id, event_index, received_at + interval '1 ms', recorded_at,"
        " family, metric_type, sensitivity_class, session_id, metric_value, metadata FROM event"
    )
    for statement, kinds in {
        "DELETE FROM event": {"event-missing"},
        "DELETE FROM batch": {"event-without-batch"},
        "DELETE FROM client_key": {"key-not-enrolled"},
        copy: {"event-unexpected"},
    }.items():
        assert await auditor.kinds_after(statement) == kinds, statement
    replaced = await auditor.kinds_after("UPDATE client_key SET public_key = $1", OTHER_KEY.raw)
    assert replaced == {"key", "signature"}
    revoked = await auditor.kinds_after("UPDATE client_key SET revoked_at = now(), name = 'x'")
    assert revoked == set()  # it was good when the batch came


async def test_a_difference_is_told_by_batch_and_event_and_never_by_value(
    client: httpx.AsyncClient, upload: Callable[..., Upload], auditor: Auditor, fetch: Fetch
) -> None:
    batch_id, good = new_batch_id(), await stored(client, upload)
    payload = payload_of(*[benchmark_event(metric_value=i) for i in range(3)], batch_id=batch_id)
    await stored(client, upload, batch_id=batch_id, payload=payload)
    await fetch(
        "UPDATE event SET session_id = $1 WHERE batch_id = $2 AND event_index = 1",
        SECRET,
        uuid.UUID(batch_id),
    )
    assert auditor.found() == [(batch_id, "event.session_id", 1)]
    ran = auditor.verify()
    assert ran.code == 1
    assert f"{batch_id}  event.session_id  event 1\n" in ran.out
    assert good not in ran.out
    assert SECRET not in ran.out + ran.err


async def test_batches_whose_body_retention_took_are_counted(
    client: httpx.AsyncClient, upload: Callable[..., Upload], auditor: Auditor, fetch: Fetch
) -> None:
    await stored(client, upload)
    await fetch(
        "UPDATE batch SET coded_body = NULL, signed_request = NULL, body_removed_at = now()"
    )
    ran = auditor.verify("--json")
    totals = json.loads(ran.out)["totals"]
    assert (ran.code, totals["batches"], totals["without_body"]) == (0, 0, 1)


async def test_since_leaves_out_what_is_older(
    client: httpx.AsyncClient, upload: Callable[..., Upload], auditor: Auditor, fetch: Fetch
) -> None:
    await stored(client, upload)
    await fetch("UPDATE event SET metric_value = 77")
    assert auditor.verify("--since", "2000-01-01").code == 1
    assert auditor.verify("--since", "2999-01-01").code == 0
    assert auditor.verify("--since", "yesterday").code == 2


async def test_a_batch_is_shown_and_its_events_only_when_asked(
    client: httpx.AsyncClient, upload: Callable[..., Upload], auditor: Auditor, fetch: Fetch
) -> None:
    one = upload()
    assert (await one.post(client)).status_code == 201
    env = {"VOX_SINK_DATABASE_URL": auditor.url}
    show = ("vox-telemetry-sink", "batches", "show", one.batch_id)
    plain = run_cli(*show, env=env)
    assert plain.code == 0, plain.err
    assert one.key.public.key_id in plain.out
    assert "bench:cpython-3.11" not in plain.out
    assert await fetch("SELECT count(*) FROM admin_log WHERE action = 'batches.show'") == [(0,)]
    shown = json.loads(run_cli(*show, "--body", "--json", env=env).out)
    assert shown["payload"] == json.loads(one.payload)
    assert shown["stored_events"] == {"benchmark": 1}
    assert "bench:cpython-3.11" in run_cli(*show, "--body", env=env).out
    assert (
        await fetch("SELECT subject FROM admin_log WHERE action = 'batches.show'")
        == [(one.batch_id,)] * 2
    )
    missing = run_cli("vox-telemetry-sink", "batches", "show", OTHER_ID, env=env)
    assert (missing.code, "is stored" in missing.err) == (1, True)
