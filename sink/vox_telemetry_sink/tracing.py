"""OpenTelemetry spans, when VOX_SINK_OTLP_ENDPOINT names a collector; else nothing is imported.

A span says which step it was and how long it took, and of a refusal its problem type: no value, no
key id, no header. Nothing is taken over from the sender's own trace context either.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from vox_telemetry_sink.errors import ConfigError, RefusalError

SERVICE: Final = "vox-telemetry-sink"
_TRACES_PATH: Final = "/v1/traces"
_tracers: list[Any] = []  # at most one: what `traced` holds


def span(name: str) -> AbstractContextManager[None]:
    """Time a step of a request, if anybody wants to know."""
    return _span(_tracers[0], name) if _tracers else nullcontext()


@contextmanager
def traced(endpoint: str | None) -> Iterator[None]:
    """Send the spans made inside the block to a collector; None makes none.

    Raises:
        ConfigError: what sends them is not installed.

    """
    if endpoint is None:
        yield
        return
    provider = _provider(endpoint)
    _tracers.append(provider.get_tracer(SERVICE))
    try:
        yield
    finally:
        _tracers.clear()
        provider.shutdown()


def _provider(endpoint: str) -> Any:  # noqa: ANN401 -- its type is imported only when it is wanted
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 -- an extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 -- as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 -- as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 -- as above
    except ImportError as exc:
        raise ConfigError(
            "VOX_SINK_OTLP_ENDPOINT is set and what sends traces is not installed: "
            "pip install 'vox-telemetry[sink,otel]'"
        ) from exc
    # Resource.create would read OTEL_* variables and the host; the service's name is all we say.
    provider = TracerProvider(resource=Resource({"service.name": SERVICE}))
    exporter = OTLPSpanExporter(endpoint=endpoint + _TRACES_PATH)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


@contextmanager
def _span(tracer: Any, name: str) -> Iterator[None]:  # noqa: ANN401 -- as above
    # The library's own record of an exception holds its message and stack.
    with tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except RefusalError as refusal:
            current.set_attribute("problem", refusal.problem.slug)
            raise
