import json
from datetime import UTC, datetime
from typing import Any

import pytest

from vox_telemetry_client.delivery import Answer, Fault, Sent, judge, parse_retry_after, plain
from vox_telemetry_spec.problems import Duty

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ID = "019abcde-0000-7000-8000-000000000001"
SENT = Sent(ID, "ab" * 32, 3)
RECEIPT = {
    "batch_id": ID,
    "payload_sha256": "ab" * 32,
    "event_count": 3,
    "received_at": "2026-11-22T12:00:00.000Z",
    "schema": "vox.usage-receipt.v1",
}


def _answer(status: int, body: Any = None, **headers: str) -> Answer:
    return Answer(status, headers, b"" if body is None else json.dumps(body).encode())


@pytest.mark.parametrize(("status", "duplicate"), [(201, False), (200, True)])
def test_a_receipt_for_exactly_this_batch_acknowledges(status: int, duplicate: bool) -> None:
    verdict = judge(_answer(status, RECEIPT), SENT, now=NOW)
    assert (verdict.duty, verdict.duplicate) == (Duty.ACKNOWLEDGE, duplicate)


@pytest.mark.parametrize(
    "body",
    [
        RECEIPT | {"batch_id": "019abcde-0000-7000-8000-000000000002"},
        RECEIPT | {"payload_sha256": "cd" * 32},
        RECEIPT | {"payload_sha256": "AB" * 32},
        RECEIPT | {"event_count": 2},
        RECEIPT | {"schema": "vox.usage-receipt.v2"},
        RECEIPT | {"more": 1},
        {key: value for key, value in RECEIPT.items() if key != "received_at"},
        {},
        [],
        "ok",
        None,
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_2xx_without_the_matching_receipt_stops_and_keeps(status: int, body: Any) -> None:
    verdict = judge(_answer(status, body), SENT, now=NOW)
    assert verdict.duty is Duty.STOP
    assert verdict.receipt is None
    assert f"the answer {status} holds" in verdict.problem.title


@pytest.mark.parametrize("status", [202, 203, 206, 299])
def test_another_2xx_stops_and_keeps_even_with_the_matching_receipt(status: int) -> None:
    verdict = judge(_answer(status, RECEIPT), SENT, now=NOW)
    assert (verdict.duty, verdict.receipt) == (Duty.STOP, None)
    assert verdict.problem.title == (
        f"the answer {status} holds a receipt, expected that with 200 or 201 alone"
    )


def test_a_body_too_long_to_read_is_no_receipt() -> None:
    assert judge(Answer(201, {}, None), SENT, now=NOW).duty is Duty.STOP
    assert judge(Answer(503, {}, None), SENT, now=NOW).duty is Duty.RETRY


# The table of wire 7, by hand.
@pytest.mark.parametrize(
    ("duty", "statuses"),
    [
        (Duty.SET_ASIDE, [400, 409, 415, 422]),
        (Duty.SPLIT, [413]),
        (
            Duty.STOP,
            [300, 301, 302, 303, 304, 307, 308, 401, 402, 403, 404, 405, 410, 418, 451, 600, 700],
        ),
        (Duty.RETRY, [408, 425, 429, 500, 502, 503, 504, 599]),
    ],
)
def test_the_status_alone_gives_the_duty(duty: Duty, statuses: list[int]) -> None:
    assert {judge(_answer(status, RECEIPT), SENT, now=NOW).duty for status in statuses} == {duty}


@pytest.mark.parametrize(
    ("fault", "duty"),
    [
        (Fault.DNS, Duty.RETRY),
        (Fault.REFUSED, Duty.RETRY),
        (Fault.TIMEOUT, Duty.RETRY),
        (Fault.CLOSED, Duty.RETRY),
        (Fault.UNREACHABLE, Duty.RETRY),
        (Fault.PROXY, Duty.RETRY),
        (Fault.PROXY_REFUSED, Duty.STOP),
        (Fault.TLS, Duty.STOP),
        (Fault.TLS_EXPIRED, Duty.STOP),
        (Fault.TLS_HOST, Duty.STOP),
        (Fault.TLS_UNKNOWN, Duty.STOP),
    ],
)
def test_no_answer_is_retried_unless_tls_failed(fault: Fault, duty: Duty) -> None:
    verdict = judge(fault, SENT, now=NOW)
    assert (verdict.duty, verdict.status, verdict.problem.title) == (duty, 0, fault.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("9" * 5_000, 3600.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("5, 5", None),
        ("٣", None),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90.0),
        ("Sunday, 22-Nov-26 12:01:30 GMT", 90.0),
        ("Sun Nov 22 12:01:30 2026", 90.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 12:00:00 GMT", 3600.0),
        ("Sun, 99 Nov 2026 12:00:00 GMT", None),
        ("Sun, 22 Nov 99999999999999999999 12:00:00 GMT", None),
    ],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == expected


def test_a_problem_is_read() -> None:
    body = {
        "type": "urn:vox-telemetry:problem:contract-refused",
        "title": "the batch breaks the contract",
        "status": 422,
        "detail": "1 violation",
        "violations": [{"event": 0, "pointer": "/metadata/name", "rule": "path.posix"}],
        "unknown": {"x": 1},
    }
    problem = judge(_answer(422, body), SENT, now=NOW).problem
    assert (problem.type, problem.status, problem.detail) == (body["type"], 422, "1 violation")
    assert [(one.event, one.pointer, one.rule) for one in problem.violations] == [
        (0, "/metadata/name", "path.posix")
    ]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b'{"title":5}', b"[" * 60_000])
def test_what_is_no_problem_document_leaves_the_status(body: bytes) -> None:
    problem = judge(Answer(503, {}, body), SENT, now=NOW).problem
    assert (problem.title, problem.status) == ("the answer is 503", 503)


def test_a_hostile_text_reaches_a_terminal_short_and_harmless() -> None:
    hostile = {"title": "\x1b[2Jgone\n\u202eevil\x07", "detail": "x" * 10_000}
    hostile["violations"] = [{"event": 0, "pointer": "\x1b]0;t\x07", "rule": "r"}] * 500  # type: ignore[assignment]
    problem = judge(_answer(422, hostile), SENT, now=NOW).problem
    assert problem.title == " [2Jgone  evil "
    assert len(problem.detail) == 500
    assert len(problem.violations) == 100
    assert "\x1b" not in problem.violations[0].pointer
    assert plain("é ok") == "é ok"
