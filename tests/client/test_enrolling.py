"""The enrolment against a real HTTP server that gives every kind of answer."""

import base64
import hashlib
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from support.client_enrolments import CODE, SINK_KEY, enrols
from support.client_world import NOW, SEED, Clock, problem
from support.http_answers import (
    Answer,
    Request,
    close_after_reading,
    close_before_reading,
    computed,
    hang,
    html,
    huge_body,
    redirect,
    reply,
)
from support.http_server import MisbehavingServer, misbehaving_server
from vox_telemetry_client.enrolling import Enrolled, Enroller, World
from vox_telemetry_client.errors import EnrolmentError, SwitchedOffError
from vox_telemetry_client.transport import Transport
from vox_telemetry_spec.enrolment import read_code
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.signature import check_fresh, read_signature
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.wire import ENROLMENT_SIGNATURE, ingest_target, keys_target

KEY = SigningKey(SEED)


def _run(
    server: MisbehavingServer | str,
    *,
    token: str | None = None,
    clock: Clock | None = None,
    require_on: Callable[[], None] = lambda: None,
    silence_s: float = 20.0,
) -> Enrolled:
    target = keys_target(ingest_target(server if isinstance(server, str) else server.url))
    clock = clock or Clock()
    with Transport(target, "test/1", silence_s=silence_s) as transport:
        world = World(transport.post, require_on, clock.now, random.Random(7).randbytes)
        return Enroller(KEY, read_code(CODE), target, token).run(world)


def _as_signed(request: Request) -> SignableRequest:
    return SignableRequest(request.method, request.headers["host"], request.path, request.headers)


def test_a_key_is_enrolled_by_the_request_of_wire_11() -> None:
    with misbehaving_server(enrols()) as server:
        done = _run(server, token="t0ken")
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/keys")
    assert json.loads(request.body) == {
        "schema": "vox.key-enrolment.v1",
        "code": CODE,
        "public_key": KEY.public.jwk,
    }
    assert request.headers["content-type"] == "application/vnd.vox.key-enrolment.v1+json"
    assert request.headers["authorization"] == "Bearer t0ken"
    digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
    assert request.headers["content-digest"] == f"sha-256=:{digest}:"
    presented = read_signature(
        _as_signed(request),
        request.headers["signature-input"],
        request.headers["signature"],
        profile=ENROLMENT_SIGNATURE,
    )
    assert 'tag="vox-key-enrolment"' in request.headers["signature-input"]
    assert presented.key_id == KEY.public.key_id
    assert KEY.public.verifies(presented.signature, presented.base)
    check_fresh(presented, now_s=NOW.timestamp())
    assert (done.receipt.name, done.clock_offset_s) == ("alice", None)
    assert done.receipt.sink_key is not None
    assert done.receipt.sink_key.x == SINK_KEY["x"]


@pytest.mark.parametrize("approved_at", [None, "2026-11-22T12:00:00.000Z"])
def test_a_sink_that_knows_of_approval_says_whether_the_key_waits(approved_at: str | None) -> None:
    with misbehaving_server(enrols(approved_at=approved_at)) as server:
        assert _run(server).receipt.approved_at == approved_at
    (request,) = server.requests
    assert request.headers["accept"] == (
        "application/vnd.vox.key-enrolment-receipt.v2+json, "
        "application/vnd.vox.key-enrolment-receipt.v1+json, application/problem+json"
    )


def test_a_sink_from_before_approval_has_no_key_that_waits() -> None:
    with misbehaving_server(enrols()) as server:
        assert _run(server).receipt.approved_at == "2026-11-22T12:00:00.000Z"


def test_the_private_half_is_in_no_byte_that_is_sent() -> None:
    with misbehaving_server(enrols()) as server:
        _run(server)
    (request,) = server.requests
    sent = repr(request.headers).encode() + request.body
    assert json.loads(KEY.private_jwk())["d"].encode() not in sent
    assert base64.b64encode(SEED) not in sent


def test_a_repeated_request_is_as_good() -> None:
    with misbehaving_server(enrols(200)) as server:
        assert _run(server).receipt.key_id == KEY.public.key_id


def test_a_lost_answer_says_to_come_again_with_the_same_code() -> None:
    for answer, silence_s in ((close_after_reading(), 20.0), (hang(30), 0.5)):
        with misbehaving_server(answer) as server:
            with pytest.raises(EnrolmentError, match="may be enrolled, run this again with the sa"):
                _run(server, silence_s=silence_s)
            assert len(server.requests) == 1


def test_no_connection_at_all_says_so() -> None:
    with misbehaving_server() as server:
        gone = server.url
    with pytest.raises(EnrolmentError, match="the connection was refused: check the URL"):
        _run(gone)


def test_a_connection_that_is_reset_says_to_come_again() -> None:
    with (
        misbehaving_server(close_before_reading()) as server,
        pytest.raises(EnrolmentError, match="run this again with the same code"),
    ):
        _run(server)


def test_a_clock_that_is_off_is_corrected_once_with_the_sinks_time() -> None:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    stale = problem(401, "signature-stale", sink_time="2026-11-23T12:00:00.000Z")
    with misbehaving_server(stale, enrols()) as server:
        done = _run(server, clock=Clock(now))
    assert done.clock_offset_s == 86_400
    created = [
        read_signature(
            _as_signed(one),
            one.headers["signature-input"],
            one.headers["signature"],
            profile=ENROLMENT_SIGNATURE,
        ).created
        for one in server.requests
    ]
    assert created[1] - created[0] == 86_400
    with misbehaving_server(stale, then=stale) as server:
        with pytest.raises(EnrolmentError, match="set this machine's clock"):
            _run(server, clock=Clock(now))
        assert len(server.requests) == 2


def test_a_switch_that_is_turned_off_stops_the_second_request() -> None:
    asked: list[int] = []

    def require_on() -> None:
        asked.append(1)
        if len(asked) > 1:
            raise SwitchedOffError("off")

    stale = problem(401, "signature-stale", sink_time="2026-11-23T12:00:00.000Z")
    with misbehaving_server(stale, then=enrols()) as server:
        with pytest.raises(SwitchedOffError, match="off"):
            _run(server, require_on=require_on)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (problem(403, "enrolment-code-refused"), "the code is wrong, used or expired, or the key"),
        (problem(401, "signature-invalid"), "does not verify: the URL's host must be the one"),
        (problem(401, "token-invalid"), "ask the sink's operator for VOX_TELEMETRY_UPLOAD_TOKEN"),
        (problem(404, "not-found"), "this sink enrols keys by hand: give its operator what"),
        (problem(429, "rate-limited", {"Retry-After": "7"}), "wait 7 s, then run this again"),
        (problem(503, "overloaded", {"Retry-After": "2"}), "wait 2 s, then run this again"),
        (problem(500, "internal"), "the sink failed: run this again with the same code, which .*l"),
        (problem(400, "body-malformed"), "not enrolled: .*check VOX_TELEMETRY_UPLOAD_URL"),
        (redirect("https://elsewhere.example/"), "redirects are never followed"),
        (html(), "the answer 200 holds no receipt, expected one for"),
        (enrols(key_id="A" * 43), "holds a receipt for another key"),
        (enrols(name="\x1b[2J"), "holds no receipt"),
        (enrols(more=1), "holds no receipt"),
        (huge_body(201, size_bytes=1_000_000), "holds no receipt"),
        (reply(204), "not enrolled: the answer is 204"),
    ],
)
def test_every_other_answer_enrols_nothing_and_says_what_to_do(answer: Answer, match: str) -> None:
    with misbehaving_server(answer, then=enrols()) as server:
        with pytest.raises(EnrolmentError, match=match):
            _run(server)
        assert len(server.requests) == 1


@pytest.mark.parametrize("where", ["title", "detail", "type"])
def test_an_answer_that_repeats_the_code_is_not_shown(where: str) -> None:
    def echo(request: Request) -> tuple[int, dict[str, str], bytes]:
        body = {"type": "about:blank", "title": "x", "detail": "x"}
        body[where] = json.loads(request.body)["code"]
        return 403, {"Content-Type": "application/problem+json"}, json.dumps(body).encode()

    with (
        misbehaving_server(computed(echo)) as server,
        pytest.raises(EnrolmentError, match="the answer is 403") as caught,
    ):
        _run(server)
    assert CODE not in str(caught.value)


def test_neither_code_nor_token_is_in_a_repr() -> None:
    target = keys_target(ingest_target("https://sink.example"))
    shown = repr(Enroller(KEY, read_code(CODE), target, "t0ken"))
    assert shown == f"Enroller({KEY!r}, 'https://sink.example/v1/keys')"


def test_a_sink_time_of_another_age_is_no_clock() -> None:
    stale = problem(401, "signature-stale", sink_time="9999-11-23T12:00:00.000Z")
    with misbehaving_server(stale) as server:
        with pytest.raises(EnrolmentError, match="set this machine's clock"):
            _run(server, clock=Clock(NOW - timedelta(days=365)))
        assert len(server.requests) == 1
