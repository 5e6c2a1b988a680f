"""A pinned sink's signature, asked of every receipt (issue 5 point 4): case, a server that lies."""

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace as changed

from support.client_world import journal, put, receipt_for, upload
from support.http_answers import Answer, Request, computed
from support.http_server import misbehaving_server
from vox_telemetry_client.history import entries
from vox_telemetry_client.journal_lines import Acknowledged
from vox_telemetry_client.proving import Finding, prove
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.receipt_signature import sign_receipt

SINK, OTHER = SigningKey(b"s" * 32), SigningKey(b"o" * 32)
PINNED = {SINK.public.key_id: SINK.public}
MEDIA_TYPE = "application/vnd.vox.usage-receipt.v1+json"


def signed_answer(
    *, status: int = 201, key: SigningKey = SINK, body: bytes | None = None, **spoilt: str | None
) -> Answer:
    """Answer with a receipt that `key` signs; `spoilt` replaces or (None) takes away a field."""

    def make(request: Request) -> tuple[int, Mapping[str, str], bytes]:
        receipt = receipt_for(request) if body is None else body
        sent = b64decode(request.headers["signature"].removeprefix("vox=").strip(":"))
        fields: dict[str, str | None] = {"content-type": MEDIA_TYPE}
        fields |= sign_receipt(receipt, status, ("vox", sent), key, created=1)
        fields |= {name.replace("_", "-"): value for name, value in spoilt.items()}
        kept = {name: value for name, value in fields.items() if value is not None}
        return status, kept, receipt

    return computed(make)


@pytest.mark.parametrize("status", [200, 201])
def test_a_signed_receipt_of_the_pinned_sink_acknowledges(spool: Spool, status: int) -> None:
    put(spool)
    with misbehaving_server(signed_answer(status=status)) as server:
        report = upload(spool, server, sink_key=SINK.public)
    assert (report.exit_code, report.stopped) == (0, None)
    line = journal(spool)[-1]
    assert line["sink_key_id"] == SINK.public.key_id
    assert json.loads(line["proof"]["body"]) == line["receipt"]
    assert set(line["proof"]) == {
        "status", "body", "content_type", "content_digest", "request_signature",
        "signature_input", "signature",
    }  # fmt: skip


def plain_answer() -> Answer:
    return computed(lambda request: (201, {"content-type": MEDIA_TYPE}, receipt_for(request)))


LIES = {
    "unsigned": (plain_answer(), "got no Signature-Input header"),
    "of another key": (signed_answer(key=OTHER), "signed with another key than the pinned one"),
    "signature taken away": (signed_answer(signature=None), "got no Signature header"),
    "digest taken away": (signed_answer(content_digest=None), "does not verify"),
    "of another type": (signed_answer(content_type="application/json"), "does not verify"),
    "an old signature": (
        signed_answer(signature="vox=:" + "A" * 86 + "==:"),
        "does not verify",
    ),
    "too long to keep": (signed_answer(x="y", signature_input="vox=" + "(" * 9_000), "expected at"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_server_s_receipt_deletes_nothing(spool: Spool, lie: str) -> None:
    (batch,) = put(spool)
    answer, said = LIES[lie]
    with misbehaving_server(then=answer) as server:
        report = upload(spool, server, sink_key=SINK.public)
    assert len(server.requests) == 1  # a STOP, not a retry
    assert report.exit_code == 1
    assert report.stopped is not None
    assert said in report.stopped
    assert "everything is kept: somebody else may be answering" in report.stopped
    assert spool.pending() == [batch.batch_id]
    assert "acknowledged" not in [line["event"] for line in journal(spool)]


def test_a_receipt_of_an_earlier_request_is_none_for_this_one(spool: Spool) -> None:
    (batch,) = put(spool)
    kept: list[tuple[int, Mapping[str, str], bytes]] = []

    def record(request: Request) -> tuple[int, Mapping[str, str], bytes]:
        kept.append(_made(request))
        return 503, {}, b""

    with misbehaving_server(computed(record), then=computed(lambda _: kept[0])) as server:
        report = upload(spool, server, sink_key=SINK.public)
    assert len(server.requests) == 2
    assert "does not verify" in str(report.stopped)
    assert spool.pending() == [batch.batch_id]


def _made(request: Request) -> tuple[int, Mapping[str, str], bytes]:
    receipt = receipt_for(request)
    sent = b64decode(request.headers["signature"].removeprefix("vox=").strip(":"))
    fields = sign_receipt(receipt, 201, ("vox", sent), SINK, created=1)
    return 201, {"content-type": MEDIA_TYPE} | fields, receipt


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [(plain_answer(), False), (signed_answer(), True), (signed_answer(signature_input="(("), True)],
    ids=["unsigned", "signed", "broken"],
)
def test_where_no_key_is_pinned_an_unsigned_receipt_counts(
    spool: Spool, answer: Answer, is_kept: bool
) -> None:
    put(spool)
    with misbehaving_server(answer) as server:
        report = upload(spool, server, sink_key=None)
    assert report.exit_code == 0
    line = journal(spool)[-1]
    assert (line["event"], "proof" in line, "sink_key_id" in line) == (
        "acknowledged",
        is_kept,
        False,
    )


def acknowledged(spool: Spool, answer: Answer, sink_key: Any = SINK.public) -> Acknowledged:
    put(spool)
    with misbehaving_server(answer) as server:
        assert upload(spool, server, sink_key=sink_key).exit_code == 0
    last = [entry.line for entry in entries(spool.folder.journal)][-1]
    assert isinstance(last, Acknowledged)
    return last


def test_what_the_journal_keeps_is_verified_again_without_a_network(spool: Spool) -> None:
    line = acknowledged(spool, signed_answer())
    found = prove(line, PINNED)
    assert (found.finding, found.key_id) == (Finding.OK, SINK.public.key_id)
    assert (found.batch_id, found.at) == (line.batch_id, line.at)


def test_every_member_of_a_line_that_is_changed_is_noticed(spool: Spool) -> None:
    line = acknowledged(spool, signed_answer())
    assert line.proof is not None
    other_id = "019abcde-0000-7000-8000-000000000002"
    receipt, proof = line.receipt, line.proof
    spoilt = [
        changed(line, batch_id=other_id),
        changed(line, duplicate=True),
        changed(line, receipt=changed(receipt, event_count=4)),
        changed(line, receipt=changed(receipt, payload_sha256="0" * 64)),
        changed(line, receipt=changed(receipt, received_at="2026-11-22T12:00:02.000Z")),
        changed(line, batch_id=other_id, receipt=changed(receipt, batch_id=other_id)),
        changed(line, proof=None),
        changed(line, sink_key_id=OTHER.public.key_id),
        changed(line, proof=changed(proof, body=proof.body + " ")),
        changed(line, duplicate=True, proof=changed(proof, status=200)),
        changed(line, proof=changed(proof, content_type="text/plain")),
        changed(line, proof=changed(proof, content_digest="sha-256=:AA==:")),
        changed(line, proof=changed(proof, request_signature=":AA==:")),
        changed(line, proof=changed(proof, request_label="b")),
        changed(line, proof=changed(proof, signature="vox=:AA==:")),
        changed(line, proof=changed(proof, signature=None)),
        changed(line, proof=changed(proof, signature_input=None)),
    ]
    assert [prove(one, PINNED).finding for one in spoilt] == [Finding.WRONG] * len(spoilt)


def test_a_receipt_without_a_signature_and_one_of_an_unknown_key_are_told_apart(
    spool: Spool,
) -> None:
    unsigned = acknowledged(spool, plain_answer(), None)
    unpinned = acknowledged(spool, signed_answer(), None)
    assert prove(unsigned, PINNED).finding is Finding.UNSIGNED
    assert prove(unpinned, {}).finding is Finding.UNPINNED
    assert prove(unpinned, PINNED).finding is Finding.OK  # pinned later
    assert prove(unpinned, {SINK.public.key_id: OTHER.public}).finding is Finding.WRONG
