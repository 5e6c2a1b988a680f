"""The counts for Prometheus, read as Prometheus reads them: over HTTP, in its text format."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.events import benchmark_event
from support.uploads import Upload, new_batch_id, new_key, payload_of
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_sink.metrics import metrics_served
from vox_telemetry_spec.problems import ProblemType

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
Read = Callable[[], Awaitable[dict[str, float]]]


@pytest.fixture
def read() -> Iterator[Read]:
    """Read the metrics of this process: name and labels to value."""
    with metrics_served("127.0.0.1", 0, None) as port:

        async def values() -> dict[str, float]:
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.get(f"http://127.0.0.1:{port}/metrics")
            assert answer.headers["content-type"].startswith("text/plain")
            return read_text(answer.text)

        yield values


def read_text(text: str) -> dict[str, float]:
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(values: dict[str, float], name: str) -> float:
    return sum(value for key, value in values.items() if key.split("|")[0] == name)


def batches(values: dict[str, float]) -> dict[str, float]:
    names = ("received_total", "stored_total", "duplicate_total", "rejected_total", "in_flight")
    return {name: total(values, f"vox_sink_batches_{name}") for name in names}


async def test_received_is_stored_and_duplicate_and_rejected_under_a_mixed_load(
    live_sink: LiveSink, upload: Callable[..., Upload], key_store: KeyStore, read: Read
) -> None:
    limited = new_key()
    await key_store.add(limited.public, KeyGrant("limited"), now=datetime.now(UTC))
    before = batches(await read())
    async with live_sink(rate_per_s=0.001, rate_burst=20) as client:
        good = [upload() for _ in range(8)]
        refused = new_batch_id()
        load = [
            *good,
            upload(batch_id=refused, payload=payload_of({"a": 1}, batch_id=refused)),  # 422
            upload(changes={"signature": "vox=:AAAA:"}),  # 401
            upload(body=b"x" * 2_000_000),  # 413
            upload(key=new_key()),  # 401
            upload(changes={"content-type": "text/plain"}),  # 415
        ]
        answers = await asyncio.gather(*(one.post(client) for one in load))
        again = await asyncio.gather(*(one.post(client) for one in good[:3]))
        flood = await asyncio.gather(*(upload(key=limited).post(client) for _ in range(25)))
        during = {name: value - before[name] for name, value in batches(await read()).items()}
    statuses = [answer.status_code for answer in (*answers, *again, *flood)]
    assert sorted(set(statuses)) == [200, 201, 401, 413, 415, 422, 429]
    assert during == {
        "received_total": len(statuses),
        "stored_total": statuses.count(201),
        "duplicate_total": statuses.count(200),
        "rejected_total": len([status for status in statuses if status >= 400]),
        "in_flight": 0,
    }


async def test_a_batch_in_hand_is_in_flight(
    client: httpx.AsyncClient, upload: Callable[..., Upload], read: Read
) -> None:
    one = upload()
    before = batches(await read())
    seen: dict[str, float] = {}

    async def halves() -> Any:
        yield one.body[:10]
        await asyncio.sleep(0.3)
        seen.update(batches(await read()))
        yield one.body[10:]

    answer = await client.post(one.path, content=halves(), headers=one.headers())
    assert answer.status_code == 201
    assert seen["received_total"] - before["received_total"] == 1
    assert seen["in_flight"] - before["in_flight"] == 1
    assert batches(await read())["in_flight"] == before["in_flight"]


async def test_rejections_are_counted_by_problem_and_no_label_holds_a_key_or_a_value(
    client: httpx.AsyncClient, upload: Callable[..., Upload], read: Read
) -> None:
    secret = "hunter2-not-to-be-seen"
    name = "vox_sink_batches_rejected_total|contract-refused"
    before = await read()
    batch_id = new_batch_id()
    bad = payload_of(benchmark_event(session_id=secret), batch_id=batch_id)
    one = upload(batch_id=batch_id, payload=bad)
    assert (await one.post(client)).status_code == 422
    await client.get(f"/{secret}")
    after = await read()
    assert after[name] - before[name] == 1
    text = " ".join(after)
    assert secret not in text
    assert one.key.public.key_id not in text
    slugs = {problem.slug for problem in ProblemType} | {"cancelled"}
    labelled = {key.split("|")[1] for key in after if key.startswith("vox_sink_batches_rejected_")}
    assert labelled <= slugs
    routes = {key.split("|")[1] for key in after if key.startswith("vox_sink_requests_total")}
    assert routes <= {
        "/console",
        "/v1/batches",
        "/v1/keys",
        "/v1/about",
        "/livez",
        "/readyz",
        "/schema/openapi.json",
        "other",
    }


async def test_queue_group_commit_pool_and_latency_are_told(
    client: httpx.AsyncClient, upload: Callable[..., Upload], read: Read
) -> None:
    before = await read()
    await asyncio.gather(*(upload().post(client) for _ in range(10)))
    await asyncio.sleep(1.1)  # queue and pool are looked at once a second
    after = await read()
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown["vox_sink_group_batches_sum"] == 10
    assert 1 <= grown["vox_sink_group_batches_count"] <= 10
    assert grown["vox_sink_commit_duration_seconds_count"] == grown["vox_sink_group_batches_count"]
    assert grown["vox_sink_request_duration_seconds_count|/v1/batches"] == 10
    assert grown["vox_sink_check_duration_seconds_count"] == 10
    assert grown["vox_sink_events_stored_total"] == 10
    assert after["vox_sink_queue_batches"] == 0
    assert after["vox_sink_queue_bytes"] == 0
    assert after["vox_sink_pool_connections|idle"] >= 1


async def test_database_errors_are_counted(
    live_sink: LiveSink, upload: Callable[..., Upload], read: Read
) -> None:
    name = "vox_sink_database_errors_total|unavailable"
    before = await read()
    async with live_sink(database_url="postgresql://u@127.0.0.1:1/x") as client:
        answer = await upload().post(client)
    after = await read()
    assert answer.status_code == 503
    assert after[name] - before[name] == 1
    problem = "vox_sink_batches_rejected_total|store-unavailable"
    assert after[problem] - before[problem] == 1


async def test_the_sink_itself_serves_no_metrics(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 404


async def test_names_follow_the_conventions(read: Read) -> None:
    ours = {name.split("|")[0] for name in await read() if name.startswith("vox_sink_")}
    suffixes = r"_(total|created|bucket|sum|count|in_flight|batches|bytes|connections)$"
    assert [name for name in ours if not re.search(suffixes, name)] == []
