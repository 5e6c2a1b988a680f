"""Spans go to a collector when one is named, and hold no value and no key id."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.events import benchmark_event
from support.uploads import Upload, new_batch_id, payload_of

LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
SECRET = "hunter2-not-to-be-seen"


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Listen as an OpenTelemetry collector does; keep what comes."""
    taken: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taken.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", taken
    server.shutdown()
    server.server_close()
    thread.join()


async def test_each_step_is_a_span_without_values_or_key_ids(
    live_sink: LiveSink, upload: Callable[..., Upload], collector: Any
) -> None:
    endpoint, taken = collector
    batch_id = new_batch_id()
    bad = payload_of(benchmark_event(session_id=SECRET + " x"), batch_id=batch_id)
    async with live_sink(otlp_endpoint=endpoint) as client:
        good = upload()
        assert (await good.post(client)).status_code == 201
        refused = await upload(batch_id=batch_id, payload=bad).post(client)
        assert refused.status_code == 422
    spans, raw = [], b""
    for path, body in taken:
        assert path == "/v1/traces"
        raw += body
        request = ExportTraceServiceRequest.FromString(body)
        spans += [
            span
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
    names = [span.name for span in spans]
    assert sorted(set(names)) == ["enforce", "ingest", "receive", "verify", "write"]
    assert (names.count("ingest"), names.count("write")) == (2, 1)
    attributes = {(one.key, one.value.string_value) for span in spans for one in span.attributes}
    assert attributes == {("problem", "contract-refused")}
    assert [event for span in spans for event in span.events] == []
    for forbidden in (SECRET, good.key.public.key_id, good.batch_id, "127.0.0.1"):
        assert forbidden.encode() not in raw


async def test_an_upload_works_while_no_collector_answers(
    live_sink: LiveSink, upload: Callable[..., Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_sink(otlp_endpoint="http://127.0.0.1:1") as client:
        assert (await upload().post(client)).status_code == 201


def test_nothing_of_opentelemetry_is_imported_when_it_is_off() -> None:
    program = (
        "import sys, vox_telemetry_sink.cli.program, vox_telemetry_sink.tracing as t\n"
        "with t.traced(None), t.span('x'): pass\n"
        "sys.exit(any(name.split('.')[0] == 'opentelemetry' for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
