"""What /schema/openapi.json says of the two probes and of /v1/about, with examples."""

from dataclasses import dataclass
from typing import Any, Final

from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, Operation, Reference

from vox_telemetry_sink.openapi import object_schema, problem_responses
from vox_telemetry_spec.problems import ProblemType

_JSON: Final = "application/json"
_GOOD: Final = [
    {"id": "sink.E001", "name": "database", "ok": True, "message": ""},
    {"id": "sink.E002", "name": "migrations", "ok": True, "message": ""},
    {"id": "sink.E003", "name": "partitions", "ok": True, "message": ""},
    {"id": "sink.E004", "name": "writer", "ok": True, "message": ""},
    {"id": "sink.E005", "name": "queue", "ok": True, "message": ""},
]
_AWAY: Final = [
    {**_GOOD[0], "ok": False, "message": "the database does not answer: ConnectionRefusedError"},
    *_GOOD[3:],
]
_ABOUT: Final = {
    "program": "vox-telemetry-sink",
    "version": "0.1.0",
    "contract_version": "vox.usage-batch.v1",
    "contract_sha256": "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02",
    "time": "2026-11-22T10:00:00.123Z",
}
# What a probe may be answered beside its own two answers.
PROBE_PROBLEMS: Final = [
    ProblemType.METHOD_NOT_ALLOWED,
    ProblemType.INTERNAL,
    ProblemType.OVERLOADED,
]


@dataclass
class LivezOperation(Operation):
    """The entry of the liveness probe."""

    def __post_init__(self) -> None:
        """Fill in what Litestar cannot see."""
        self.operation_id = "livez"
        self.summary = "Does the process answer?"
        self.responses = {
            **problem_responses(PROBE_PROBLEMS),
            "200": _answer("it does", ok={"status": "ok", "checks": []}),
        }


@dataclass
class ReadyzOperation(Operation):
    """The entry of the readiness probe."""

    def __post_init__(self) -> None:
        """Fill in what Litestar cannot see; 503 has two kinds of body."""
        self.operation_id = "readyz"
        self.summary = "Can a batch be stored now?"
        problems = problem_responses(PROBE_PROBLEMS)
        not_ready = _answer("not now", away={"status": "not-ready", "checks": _AWAY})
        overloaded = problems["503"].content or {}
        not_ready.content = {**(not_ready.content or {}), **overloaded}
        self.responses = {
            **problems,
            "200": _answer("yes", ready={"status": "ready", "checks": _GOOD}),
            "503": not_ready,
        }


@dataclass
class AboutOperation(Operation):
    """The entry of what the sink says of itself."""

    def __post_init__(self) -> None:
        """Fill in what Litestar cannot see."""
        self.operation_id = "about"
        self.summary = "Which program and contract is this?"
        self.responses = {
            **problem_responses(PROBE_PROBLEMS),
            "200": _answer("this", about=_ABOUT),
        }


def _answer(description: str, **examples: dict[str, Any]) -> OpenAPIResponse:
    named: dict[str, Example | Reference] = {
        name: Example(value=value) for name, value in examples.items()
    }
    media = OpenAPIMediaType(schema=object_schema(), examples=named)
    return OpenAPIResponse(description=description, content={_JSON: media})
