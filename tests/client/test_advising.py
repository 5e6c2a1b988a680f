import json
from datetime import UTC, datetime

import pytest

from vox_telemetry_client.advising import advice
from vox_telemetry_client.delivery import Answer, Fault, Sent, judge
from vox_telemetry_spec.problems import ProblemType

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SENT = Sent("019abcde-0000-7000-8000-000000000001", "ab" * 32, 3)


def _answer(status: int, problem: ProblemType | None = None) -> Answer:
    body = b"" if problem is None else json.dumps({"type": problem.uri}).encode()
    return Answer(status, {}, body)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_answer(307), "redirects are never followed"),
        (_answer(401), "check the key, VOX_TELEMETRY_UPLOAD_TOKEN and this machine's clock"),
        (_answer(404), "check VOX_TELEMETRY_UPLOAD_URL"),
        (_answer(200), "check VOX_TELEMETRY_UPLOAD_URL"),
        (Fault.TLS, "TLS 1.2 or newer"),
        (Fault.TLS_UNKNOWN, "--ca-file or VOX_TELEMETRY_CA_FILE"),
        (Fault.TLS_HOST, "check the host in VOX_TELEMETRY_UPLOAD_URL"),
        (Fault.TLS_EXPIRED, "this machine's clock"),
        (Fault.PROXY_REFUSED, "HTTPS_PROXY"),
        (_answer(401, ProblemType.KEY_UNKNOWN), "vox-telemetry keys show"),
        (_answer(401, ProblemType.KEY_UNKNOWN), "vox-telemetry keys enrol"),
        (_answer(401, ProblemType.KEY_EXPIRED), "vox-telemetry keys rotate"),
        (_answer(401, ProblemType.KEY_NOT_YET_VALID), "vox-telemetry keys use"),
        (_answer(403, ProblemType.KEY_REVOKED), "vox-telemetry keys rotate"),
        (_answer(403, ProblemType.KEY_NOT_APPROVED), "vox-telemetry-sink keys approve KEY_ID"),
        (_answer(401, ProblemType.TOKEN_INVALID), "VOX_TELEMETRY_UPLOAD_TOKEN"),
        (_answer(401, ProblemType.SIGNATURE_STALE), "clock"),
        (_answer(401, ProblemType.SIGNATURE_INVALID), "VOX_SINK_PUBLIC_AUTHORITY"),
    ],
)
def test_a_stop_says_what_to_do(answer: Answer | Fault, expected: str) -> None:
    assert expected in advice(judge(answer, SENT, now=NOW))


def test_whom_to_ask_for_approval_is_said_with_the_key_that_is_to_be_approved() -> None:
    waits = judge(_answer(403, ProblemType.KEY_NOT_APPROVED), SENT, now=NOW)
    assert advice(waits, "a-key") == (
        "ask whoever runs the sink to approve key a-key "
        "(`vox-telemetry-sink keys approve a-key`), then upload again"
    )
