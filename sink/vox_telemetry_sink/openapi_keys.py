"""What /schema/openapi.json says of the enrolment, with examples."""

from dataclasses import dataclass

from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)

from vox_telemetry_sink.openapi import header_parameter, object_schema, problem_responses
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.wire import (
    ENROLMENT_MEDIA_TYPE,
    ENROLMENT_RECEIPT_MEDIA_TYPE,
    OLD_ENROLMENT_RECEIPT_MEDIA_TYPE,
)

_KEY_ID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037 appendix A.3
_JWK = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
_EXAMPLE_ENROLMENT = {
    "schema": "vox.key-enrolment.v1",
    "code": "XXXXX-XXXXX-XXXXX-XXXXX",
    "public_key": _JWK,
}
_EXAMPLE_OLD_RECEIPT = {
    "schema": "vox.key-enrolment-receipt.v1",
    "key_id": _KEY_ID,
    "name": "build farm",
    "max_sensitivity": "S1",
    "families": ["benchmark", "build_summary"],
    "enrolled_at": "2026-11-22T10:00:00.123Z",
    "not_after": "2027-11-22T10:00:00.123Z",
    "sink_key": _JWK,
}
_EXAMPLE_RECEIPT = _EXAMPLE_OLD_RECEIPT | {
    "schema": "vox.key-enrolment-receipt.v2",
    "approved_at": "2026-11-22T10:00:00.123Z",
}
_EXAMPLE_INPUT = (
    'vox=("@method" "@authority" "@path" "content-type" "content-digest");created=1795341600'
    f';keyid="{_KEY_ID}";alg="ed25519";nonce="9f86d081884c7d65";tag="vox-key-enrolment"'
)
_HEADERS = (
    (
        "Content-Digest",
        True,
        "RFC 9530, sha-256 over the body",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
    ),
    (
        "Signature-Input",
        True,
        "RFC 9421, ed25519, the tag vox-key-enrolment, by the key in the body",
        _EXAMPLE_INPUT,
    ),
    ("Signature", True, "RFC 9421, under the same label", "vox=:BASE64:"),
)
# What can be wrong with an enrolment; a key that is not enrolled yet is not judged as one.
ENROLMENT_PROBLEMS = [
    ProblemType.BODY_MALFORMED,
    ProblemType.BODY_TRUNCATED,
    ProblemType.CONTENT_DIGEST_MISSING,
    ProblemType.CONTENT_DIGEST_MISMATCH,
    ProblemType.TOKEN_INVALID,
    ProblemType.SIGNATURE_MISSING,
    ProblemType.SIGNATURE_MALFORMED,
    ProblemType.SIGNATURE_AMBIGUOUS,
    ProblemType.SIGNATURE_COVERAGE,
    ProblemType.SIGNATURE_ALGORITHM,
    ProblemType.SIGNATURE_STALE,
    ProblemType.SIGNATURE_INVALID,
    ProblemType.ENROLMENT_CODE_REFUSED,
    ProblemType.METHOD_NOT_ALLOWED,
    ProblemType.RECEIVE_TIMEOUT,
    ProblemType.BODY_TOO_LARGE,
    ProblemType.MEDIA_TYPE_UNSUPPORTED,
    ProblemType.CODING_UNSUPPORTED,
    ProblemType.RATE_LIMITED,
    ProblemType.INTERNAL,
    ProblemType.STORE_UNAVAILABLE,
]


@dataclass
class EnrolOperation(Operation):
    """The enrolment's entry; the handler reads the request itself."""

    def __post_init__(self) -> None:
        """Fill in what Litestar cannot see."""
        self.operation_id = "enrolKey"
        self.summary = "Enrol the key that signed this, by a one-time code"
        self.parameters = [header_parameter(*row) for row in _HEADERS]
        schema = Schema(
            type=OpenAPIType.OBJECT,
            description="wire 11.1; at most 4,096 bytes",
            required=["schema", "code", "public_key"],
        )
        body = OpenAPIMediaType(schema=schema, example=_EXAMPLE_ENROLMENT)
        self.request_body = RequestBody(content={ENROLMENT_MEDIA_TYPE: body}, required=True)
        self.responses = {**_receipts(), **problem_responses(ENROLMENT_PROBLEMS)}
        self.security = [{}, {"uploadToken": []}]


def _receipts() -> dict[str, OpenAPIResponse]:
    media = {
        ENROLMENT_RECEIPT_MEDIA_TYPE: OpenAPIMediaType(
            schema=object_schema(), example=_EXAMPLE_RECEIPT
        ),
        OLD_ENROLMENT_RECEIPT_MEDIA_TYPE: OpenAPIMediaType(
            schema=object_schema(), example=_EXAMPLE_OLD_RECEIPT
        ),
    }
    return {
        "201": OpenAPIResponse(
            description="enrolled now; sink_key signs receipts, null where none does; v2, whose "
            "approved_at is null while the key waits for approval, where accept names it",
            content=media,
        ),
        "200": OpenAPIResponse(
            description="this key used this code before: the same receipt", content=media
        ),
    }
