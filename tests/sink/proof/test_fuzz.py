"""hypothesis over headers, signature parameters and bodies, against the running program.

Whatever is sent: never a 500, never a word of it in an answer or in the log, and the connection
goes on unless the answer says that it is closed. Fixed budget, the same examples in every run.
"""

import gzip
import http.client
import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.events import benchmark_event
from support.postgres import in_own_loop
from support.senders import enrolled_keys
from support.sink_process import SinkProcess, sink_process
from support.uploads import Upload, new_batch_id, payload_of
from support.world import free_port
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import ProblemType

CANARY = "canary-5d0c"
EXAMPLES = 200  # each of the three: together about 30 s
BUDGET = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
PROBLEMS = {kind.uri: kind.status for kind in ProblemType}
MALFORMED_HTTP = b"Invalid HTTP request received."  # uvicorn's own answer; it then closes

# RFC 9110 section 5.5: what may be in a field's value, with obs-text; beside it what may not.
FIELD_BYTES = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map(str.encode),
    st.binary(max_size=60).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"")),
).map(lambda value: value + CANARY.encode())
HEADERS = (
    "content-type",
    "content-digest",
    "content-encoding",
    "idempotency-key",
    "signature-input",
    "signature",
    "authorization",
    "host",
    "accept",
    "expect",
    "te",
    "upgrade",
    "connection",
    "x-anything",
)
PARAMETERS = ("created", "keyid", "alg", "nonce", "tag", "expires", "sf", "bs")
COMPONENTS = (
    '"@method"',
    '"@authority"',
    '"@path"',
    '"@query"',
    '"@status"',
    '"content-type"',
    '"content-digest"',
    '"idempotency-key"',
    '"signature"',
    f'"{CANARY}"',
    '"content-type";bs',
    '"@query-param";name="x"',
)
VALUES = st.one_of(
    st.integers(-(10**18), 10**18).map(str),
    st.sampled_from(["?1", ":AAAA:", "1.5", "ed25519", '"ed25519"', '"rsa-v1_5-sha256"', "()", ""]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(
        lambda text: f'"{text}{CANARY}"'
    ),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20).map(lambda text: text + CANARY),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["metric_type", "metadata", "name", "details", "events", CANARY]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
PACKERS = {None: bytes, "gzip": gzip.compress, "zstd": zstd.compress, "deflate": zlib.compress}


def assert_problem(document: dict[str, Any], status: int) -> None:
    """Look for one of ours, or for the bare one of RFC 9457 section 4.2.1 (a Host that is none)."""
    assert document["status"] == status
    bare = {name: value for name, value in document.items() if name != "detail"}
    assert PROBLEMS.get(document.get("type")) == status or bare == {
        "title": "Bad Request",
        "status": 400,
    }


class Talker:
    """One connection that is used again and again until an answer closes it."""

    def __init__(self, sink: SinkProcess, key: SigningKey) -> None:
        self.key = key
        self.authority = urlsplit(sink.url).netloc
        self.statuses: set[int] = set()
        self._http = http.client.HTTPConnection(self.authority, timeout=30)

    def upload(self, **changes: Any) -> Upload:
        return Upload(key=self.key, authority=self.authority, **changes)

    def send(self, method: str, path: str, headers: list[tuple[str, Any]], body: bytes) -> int:
        """Send, look at the answer, and use the connection once more."""
        self._http.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            self._http.putheader(name, value)
        self._http.putheader("content-length", str(len(body)))
        self._http.endheaders(body)
        answer = self._http.getresponse()
        document = answer.read()
        self.statuses.add(answer.status)
        assert CANARY.encode() not in document + str(answer.headers).encode()
        assert answer.status < 500, document
        if document == MALFORMED_HTTP:
            self._http.close()
        elif answer.status >= 400 and method != "HEAD":
            assert_problem(json.loads(document), answer.status)
            assert answer.headers["content-type"] == "application/problem+json"
        self._use_again()
        return answer.status

    def close(self) -> None:
        self._http.close()

    def _use_again(self) -> None:
        self._http.request("GET", "/livez")  # on a new one if the answer closed the last
        answer = self._http.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"status":"ok","checks":[]}')


@pytest.fixture
def sink(database_url: str) -> Iterator[SinkProcess]:
    with sink_process(database_url, free_port(), canary=CANARY) as running:
        yield running


@pytest.fixture
def talker(sink: SinkProcess, database_url: str) -> Iterator[Talker]:
    """Give a talker; in the end its key uploads as ever and nothing has leaked into the log."""
    [key] = in_own_loop(lambda: enrolled_keys(database_url, 1))
    with closing(Talker(sink, key)) as talking:
        yield talking
        good = talking.upload()
        headers = [("host", talking.authority), *good.headers().items()]
        assert talking.send("POST", good.path, headers, good.body) == 201
    sink.process.terminate()
    sink.process.wait()
    sink.read_on()
    assert sink.leaked == []
    assert sink.errors == []
    assert sink.logged["refused"] > EXAMPLES / 4  # the rest is no HTTP


@st.composite
def spoilt_headers(draw: Any) -> list[tuple[str, bytes | None]]:
    names = st.sampled_from(HEADERS)
    return draw(st.lists(st.tuples(names, st.none() | FIELD_BYTES), min_size=1, max_size=4))


def test_fuzzed_headers_never_break_the_sink(talker: Talker) -> None:
    @BUDGET
    @given(
        spoilt_headers(),
        st.sampled_from(["POST", "POST", "POST", "PUT", "DELETE", "OPTIONS", "GET", CANARY]),
        st.sampled_from(["/v1/batches", "/v1/batches", "/v1/keys", f"/{CANARY}", f"/?{CANARY}"]),
    )
    def never_breaks(spoilt: list[tuple[str, bytes | None]], method: str, path: str) -> None:
        one = talker.upload()
        headers: dict[str, Any] = {"host": talker.authority, **one.headers()}
        for name, value in spoilt:
            if value is None:
                headers.pop(name, None)
            else:
                headers[name] = value
        talker.send(method, path, list(headers.items()), one.body)

    never_breaks()
    assert {400, 401, 404, 405, 415} <= talker.statuses


@st.composite
def signature_input(draw: Any) -> str:
    components = " ".join(draw(st.lists(st.sampled_from(COMPONENTS), max_size=20)))
    parameters = draw(st.lists(st.tuples(st.sampled_from(PARAMETERS), VALUES), max_size=8))
    label = draw(st.sampled_from(["vox", "vox", "x", "VOX", "*", f"v-{CANARY}"]))
    return f"{label}=({components})" + "".join(f";{name}={value}" for name, value in parameters)


def test_fuzzed_signature_parameters_never_break_the_sink(talker: Talker) -> None:
    @BUDGET
    @given(
        signature_input(),
        st.sampled_from(["whole", "one parameter", "beside"]),
        st.sampled_from(PARAMETERS),
        VALUES,
    )
    def never_breaks(made: str, way: str, name: str, value: str) -> None:
        one = talker.upload()
        headers = one.headers()
        written = headers["signature-input"]
        headers["signature-input"] = {
            "whole": made,
            "one parameter": f"{written};{name}={value}",
            "beside": f"{written}, {made}",
        }[way]
        status = talker.send(
            "POST", one.path, [("host", talker.authority), *headers.items()], one.body
        )
        assert status == 401 or way == "beside"

    never_breaks()
    assert 401 in talker.statuses


@st.composite
def payloads(draw: Any) -> bytes:
    """Give a batch with something else in a member, or with bytes changed, or another document."""
    batch = json.loads(payload_of(benchmark_event(session_id=CANARY)))
    way = draw(st.sampled_from(["event member", "batch member", "bytes", "document"]))
    if way == "event member":
        batch["events"][0][draw(st.sampled_from([*batch["events"][0], CANARY]))] = draw(JSON)
    elif way == "batch member":
        batch[draw(st.sampled_from([*batch, CANARY]))] = draw(JSON)
    elif way == "document":
        batch = draw(JSON)
    payload = json.dumps(batch, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if way == "bytes":
        place = draw(st.integers(0, len(payload)))
        payload = (
            payload[:place]
            + draw(st.binary(max_size=6))
            + payload[place + draw(st.integers(0, 6)) :]
        )
    return payload


def test_fuzzed_bodies_that_are_signed_never_break_the_sink(talker: Talker) -> None:
    @BUDGET
    @given(
        payloads(),
        st.sampled_from([*PACKERS, None]),
        st.none() | st.tuples(st.integers(0, 400), st.binary(max_size=3)),
    )
    def never_breaks(payload: bytes, coding: str | None, spoilt: tuple[int, bytes] | None) -> None:
        body = PACKERS[coding](payload)
        if spoilt is not None:
            body = body[: spoilt[0]] + spoilt[1]
        one = talker.upload(
            batch_id=named_in(payload), payload=payload, body=body or b" ", coding=coding
        )
        headers = [("host", talker.authority), *one.headers().items()]
        assert talker.send("POST", one.path, headers, one.body) in (400, 413, 415, 422)

    never_breaks()
    assert {400, 415, 422} <= talker.statuses


def named_in(payload: bytes) -> str:
    """Give the id in a payload where it can be read, so that its events are looked at."""
    try:
        batch_id = json.loads(payload)["batch_id"]
    except (ValueError, TypeError, KeyError, IndexError):
        return new_batch_id()
    is_plain = isinstance(batch_id, str) and batch_id.isascii() and CANARY not in batch_id
    return batch_id if is_plain else new_batch_id()
