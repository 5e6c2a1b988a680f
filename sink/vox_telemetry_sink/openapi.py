"""What /schema/openapi.json says of the ingest: headers, body, every answer, with examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response, Router
from litestar.exceptions import NotFoundException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
    SecurityScheme,
)

from vox_telemetry_spec.contracts import BATCH_SCHEMA_PATH
from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.wire import (
    BATCH_MEDIA_TYPE,
    CODINGS,
    PROBLEM_MEDIA_TYPE,
    RECEIPT_MEDIA_TYPE,
)

_EXAMPLE_ID = "019a1c5e-7d2a-7c31-9f55-2b7e1f0c9a11"
_EXAMPLE_BATCH = {
    "schema": "vox.usage-batch.v1",
    "batch_id": _EXAMPLE_ID,
    "transmission_class": "approved_usage_upload",
    "approved_at": "2026-11-22T10:00:00.000Z",
    "producer": {"name": "vox-telemetry", "version": "0.1.0"},
    "events": [
        {
            "metric_type": "benchmark_event",
            "session_id": "bench:cpython-3.11",
            "recorded_at": "2026-11-22T09:59:00.000Z",
            "metric_value": 12.5,
            "metadata": {
                "name": "ci_build_timings",
                "metric_value_unit": "seconds",
                "details": {"lane": "test_re", "ok": True},
            },
        }
    ],
}
_EXAMPLE_RECEIPT = {
    "schema": "vox.usage-receipt.v1",
    "batch_id": _EXAMPLE_ID,
    "payload_sha256": "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02",
    "event_count": 1,
    "received_at": "2026-11-22T10:00:00.123Z",
}
_EXAMPLE_INPUT = (
    'vox=("@method" "@authority" "@path" "content-type" "content-digest" "idempotency-key")'
    ';created=1795341600;keyid="kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";alg="ed25519"'
    ';nonce="9f86d081884c7d65";tag="vox-usage-batch"'
)
_EXAMPLE_PROOF = (
    'vox=("@status" "content-digest" "content-type" "signature";req;key="vox")'
    ';created=1795341600;keyid="dYPrtpjz7ueisKr0RhrAyP6xDFkCRzihvEE-WccLtuw";alg="ed25519"'
    ';tag="vox-usage-receipt"'
)
# name, what it is, example; with a receipt key only (wire 13)
_RECEIPT_HEADERS = (
    ("Content-Digest", "RFC 9530, sha-256 over the receipt", "sha-256=:BASE64:"),
    ("Signature-Input", "RFC 9421, ed25519, the tag vox-usage-receipt", _EXAMPLE_PROOF),
    ("Signature", "RFC 9421, bound to the request's signature", "vox=:BASE64:"),
)
# name, required, what it is, example
_HEADERS = (
    (
        "Content-Digest",
        True,
        "RFC 9530, sha-256 over the coded body",
        "sha-256=:X48E9qOokqqrvdt8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
    ),
    ("Idempotency-Key", True, "the batch_id as an RFC 9651 string", f'"{_EXAMPLE_ID}"'),
    (
        "Signature-Input",
        True,
        "RFC 9421, ed25519, the tag vox-usage-batch",
        _EXAMPLE_INPUT,
    ),
    ("Signature", True, "RFC 9421, under the same label", "vox=:BASE64:"),
    ("Content-Encoding", False, "one coding; covered by the signature when present", CODINGS[0]),
)


INGEST_PROBLEMS = [kind for kind in ProblemType if kind is not ProblemType.ENROLMENT_CODE_REFUSED]


@dataclass
class IngestOperation(Operation):
    """The ingest's entry; the handler reads the request itself, so nothing can be inferred."""

    def __post_init__(self) -> None:
        """Fill in what Litestar cannot see."""
        self.operation_id = "uploadBatch"
        self.summary = "Store one batch"
        self.parameters = [header_parameter(*row) for row in _HEADERS]
        self.request_body = RequestBody(
            content={
                BATCH_MEDIA_TYPE: OpenAPIMediaType(
                    schema=Schema(
                        type=OpenAPIType.OBJECT,
                        description=f"contract {BATCH_SCHEMA_PATH}",
                        required=msgspec.json.decode(read_contract(BATCH_SCHEMA_PATH))["required"],
                    ),
                    example=_EXAMPLE_BATCH,
                )
            },
            required=True,
        )
        self.responses = {**_receipts(), **problem_responses(INGEST_PROBLEMS)}
        self.security = [{}, {"uploadToken": []}]


def openapi_config(version: str) -> OpenAPIConfig:
    """Return the document's frame; only the JSON is served, no page with foreign scripts."""
    return OpenAPIConfig(
        title="vox-telemetry sink",
        version=version,
        description="Takes signed batches of approved usage telemetry.",
        openapi_router=Router(
            "/schema", route_handlers=[], include_in_schema=False, after_request=_without_pages
        ),
        render_plugins=[JsonRenderPlugin()],
        components=Components(
            security_schemes={"uploadToken": SecurityScheme(type="http", scheme="bearer")}
        ),
    )


def _without_pages(response: Response[Any]) -> Response[Any]:
    """Refuse an unknown path below /schema as any other; Litestar has a page in HTML for it.

    Raises:
        NotFoundException: it is that page.

    """
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    return response


def header_parameter(name: str, required: bool, description: str, example: str) -> Parameter:  # noqa: FBT001 -- a row of a table of headers
    """Return a header of a request."""
    return Parameter(
        name=name,
        param_in="header",
        required=required,
        description=description,
        schema=Schema(type=OpenAPIType.STRING),
        example=example,
    )


def _receipts() -> dict[str, OpenAPIResponse]:
    media = {RECEIPT_MEDIA_TYPE: OpenAPIMediaType(schema=object_schema(), example=_EXAMPLE_RECEIPT)}
    signed = {
        name: OpenAPIHeader(
            description=description, schema=Schema(type=OpenAPIType.STRING), example=example
        )
        for name, description, example in _RECEIPT_HEADERS
    }
    return {
        "201": OpenAPIResponse(description="stored now", content=media, headers={**signed}),
        "200": OpenAPIResponse(
            description="held already: the same receipt", content=media, headers={**signed}
        ),
    }


def problem_responses(problems: Sequence[ProblemType]) -> dict[str, OpenAPIResponse]:
    """Return one response a status, with an example for each of its problem types."""
    return {
        str(status): OpenAPIResponse(
            description=HTTPStatus(status).phrase,
            content={
                PROBLEM_MEDIA_TYPE: OpenAPIMediaType(
                    schema=object_schema(),
                    examples={
                        problem.slug: Example(
                            value={
                                "type": problem.uri,
                                "title": problem.title,
                                "status": status,
                                "detail": "what was got and what was expected",
                            }
                        )
                        for problem in problems
                        if problem.status == status
                    },
                )
            },
        )
        for status in sorted({problem.status for problem in problems})
    }


def object_schema() -> Schema:
    """Return the schema of any object: the contract says what is in it."""
    return Schema(type=OpenAPIType.OBJECT)
