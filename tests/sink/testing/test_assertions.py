"""Each assertion passes where it should, and fails with what was got and what was expected."""

import asyncio
import gzip
from datetime import UTC, datetime

import httpx
import pytest

from support.events import benchmark_event
from support.stored import run, store_batch
from support.uploads import PATH, Upload, payload_of
from vox_telemetry_sink.testing import (
    PluginError,
    TelemetryAssertions,
    TelemetryClient,
    TelemetrySink,
)

CANARY = "canary-4711"


def put(sink: TelemetrySink, *, events: int = 1, lane: str = "x") -> str:
    """Store a batch as from nowhere, by SQL; return its id."""
    details = {"name": "n", "details": {"lane": lane}}
    now = datetime.now(UTC)
    made = store_batch(sink.database_url, now, key_id="somebody", events=events, metadata=details)
    return asyncio.run(made)


def said(exc: pytest.ExceptionInfo[AssertionError]) -> str:
    return str(exc.value)


def test_stored_counts_events_by_type_and_session(idle_sink: TelemetrySink) -> None:
    assertions = TelemetryAssertions(idle_sink, None)
    assertions.nothing_stored()
    put(idle_sink, events=2)
    found = assertions.stored(2, metric_type="benchmark_event", session_id="bench:x")
    assert [one.event_index for one in found] == [0, 1]
    with pytest.raises(AssertionError) as exc:
        assertions.stored(3)
    assert said(exc) == "got 2 stored events, expected 3; stored in all: benchmark_event 2"
    with pytest.raises(AssertionError) as exc:
        assertions.stored(1, metric_type="model_call_event", session_id="bench:secret")
    assert said(exc) == (
        "got 0 stored events of type model_call_event of the session that was named, expected 1; "
        "stored in all: benchmark_event 2"
    )


def test_nothing_stored(idle_sink: TelemetrySink) -> None:
    put(idle_sink, lane=CANARY)
    with pytest.raises(AssertionError) as exc:
        TelemetryAssertions(idle_sink, None).nothing_stored()
    assert said(exc) == "got 1 stored events, expected 0; stored in all: benchmark_event 1"


def test_pending_and_nothing_pending(
    idle_sink: TelemetrySink, idle_machine: TelemetryClient
) -> None:
    assertions = TelemetryAssertions(idle_sink, idle_machine)
    assertions.nothing_pending()
    idle_machine.enqueue([benchmark_event(), benchmark_event(metric_value=2.0)])
    assertions.pending(2)
    with pytest.raises(AssertionError) as exc:
        assertions.nothing_pending()
    assert said(exc) == "got 2 pending events in 1 batches, expected 0 events"


def test_rejected_by_rule_and_pointer_and_never_sent(telemetry_sink: TelemetrySink) -> None:
    assertions = TelemetryAssertions(telemetry_sink, None)
    assertions.nothing_rejected()
    refused = Upload(telemetry_sink.signing_key, authority=telemetry_sink.url[7:])
    bad = benchmark_event(details={"prompt": CANARY})
    refused.payload = refused.body = payload_of(bad, batch_id=refused.batch_id)
    answer = httpx.post(telemetry_sink.url + PATH, content=refused.body, headers=refused.headers())
    assert answer.status_code == 422
    [(pointer, rule), *_] = assertions.rejected().violations
    assert assertions.rejected(rule=rule, pointer=pointer).key_id == telemetry_sink.key_id
    with pytest.raises(AssertionError) as exc:
        assertions.rejected(rule="forbidden.other", pointer="/metadata")
    assert said(exc).startswith(
        "got no refused batch by forbidden.other at /metadata, expected one; refused in all: "
    )
    assert f"{rule} at {pointer} 1" in said(exc)
    with pytest.raises(AssertionError) as exc:
        assertions.nothing_rejected()
    assert said(exc).startswith("got 1 refused batches, expected none; ")
    # The sink keeps no body that it refused, and says nothing of its values.
    assertions.never_sent(CANARY)


def test_a_refusal_without_places_is_told_by_its_problem(idle_sink: TelemetrySink) -> None:
    statement = (
        "INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256,"
        " coded_bytes) VALUES (now(), 'k', 'batch-id-reused', '[]',"
        " decode(repeat('33', 32), 'hex'), 1)"
    )
    asyncio.run(run(idle_sink.database_url, statement))
    assertions = TelemetryAssertions(idle_sink, None)
    with pytest.raises(AssertionError) as exc:
        assertions.rejected(rule="any")
    assert said(exc).endswith("refused in all: batch-id-reused 1")
    assertions.never_sent(CANARY)
    with pytest.raises(AssertionError, match="refusal 0 of the sink"):
        assertions.never_sent("id-reused")


def test_never_sent_searches_rows_bodies_and_the_log(idle_sink: TelemetrySink) -> None:
    assertions = TelemetryAssertions(idle_sink, None)
    batch_id = put(idle_sink, lane=CANARY)
    body = b'{"events":[{"metadata":{"note":"CANARY-4711"}}]}'
    asyncio.run(
        run(
            idle_sink.database_url,
            "UPDATE batch SET content_encoding = 'gzip', coded_body = $1,"
            " signed_request = $2::text::jsonb",
            gzip.compress(body),
            '{"authority":"canary-4711.example"}',
        )
    )
    idle_sink.log.write_text(f"{CANARY}\n")
    with pytest.raises(AssertionError) as exc:
        assertions.never_sent(CANARY)
    assert said(exc) == (
        "got the text in 4 places, expected none: "
        f"body of batch {batch_id}: /events/0/metadata/note; "
        f"signed request of batch {batch_id}: /authority; "
        f"row 0 of batch {batch_id}: /metadata/details/lane; "
        "the sink's log"
    )


def test_an_empty_canary_is_an_error(idle_sink: TelemetrySink) -> None:
    with pytest.raises(ValueError, match="empty text, expected a canary"):
        TelemetryAssertions(idle_sink, None).never_sent("")


def test_everything_accounted_for_and_what_was_set_aside(
    telemetry_sink: TelemetrySink,
    telemetry_client: TelemetryClient,
    assert_telemetry: TelemetryAssertions,
) -> None:
    telemetry_client.enqueue([benchmark_event()])
    telemetry_client.upload()
    telemetry_client.enqueue([benchmark_event(metric_value=2.0)])
    # What the operator approved is changed behind their back: set aside, never sent.
    [pending] = (telemetry_client.spool / "pending").glob("*.json")
    pending.write_bytes(pending.read_bytes().replace(b"test_re", CANARY.encode()))
    telemetry_client.upload()
    telemetry_client.enqueue([benchmark_event(metric_value=3.0)])
    with pytest.raises(
        AssertionError, match=r"batch .*, set aside: /events/0/metadata/details/lane"
    ):
        assert_telemetry.never_sent(CANARY)
    assert_telemetry.everything_accounted_for()
    [acknowledged] = telemetry_sink.batches()
    asyncio.run(run(telemetry_sink.database_url, "DELETE FROM event"))
    with pytest.raises(AssertionError) as exc:
        assert_telemetry.everything_accounted_for()
    assert said(exc) == (
        f"not accounted for: batch {acknowledged.batch_id}: 0 events are stored by the sink, "
        "expected 1: it was acknowledged"
    )


def test_what_concerns_the_machine_needs_it(idle_sink: TelemetrySink) -> None:
    assertions = TelemetryAssertions(idle_sink, None)
    for name, use in {
        "pending": assertions.nothing_pending,
        "everything_accounted_for": assertions.everything_accounted_for,
    }.items():
        with pytest.raises(PluginError, match=f"assert_telemetry.{name} needs the fixture"):
            use()
