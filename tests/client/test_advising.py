import json
from datetime import UTC, datetime

import pytest

from vox_telemetry_client.advising import advice, why
from vox_telemetry_client.delivery import Answer, Fault, Sent, judge
from vox_telemetry_client.world import Sender
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.wire import ingest_target

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = SigningKey(bytes(32))
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


@pytest.mark.parametrize("ended", [ProblemType.KEY_REVOKED, ProblemType.KEY_EXPIRED])
def test_a_key_in_a_file_is_replaced_by_another_file(ended: ProblemType) -> None:
    verdict = judge(_answer(403, ended), SENT, now=NOW)
    assert advice(verdict, in_file=True) == (
        "make a new key: `vox-telemetry keys generate --file FILE`, set VOX_TELEMETRY_KEY_FILE to "
        "it, then `vox-telemetry keys enrol`"
    )


@pytest.mark.parametrize(
    ("slug", "title", "once"),
    [
        (ProblemType.KEY_NOT_APPROVED, "the key waits for approval", "to approve key"),
        (ProblemType.KEY_REVOKED, "the key is revoked", "new"),
    ],
)
def test_what_the_sink_advises_too_is_said_once(slug: ProblemType, title: str, once: str) -> None:
    told = {"type": slug.uri, "title": title, "detail": f"ask for {once} {once}"}
    verdict = judge(Answer(403, {}, json.dumps(told).encode()), SENT, now=NOW)
    said = why(verdict, Sender(ingest_target("https://sink.example"), KEY, {}))
    assert said.startswith(f"{title}; everything is kept: ")
    assert said.count(once) == 1


def test_whom_to_ask_for_approval_is_said_with_the_key_that_is_to_be_approved() -> None:
    waits = judge(_answer(403, ProblemType.KEY_NOT_APPROVED), SENT, now=NOW)
    assert advice(waits, "a-key") == (
        "ask whoever runs the sink to approve key a-key "
        "(`vox-telemetry-sink keys approve a-key`), then upload again"
    )
