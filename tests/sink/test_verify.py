import re
from datetime import UTC, datetime, timedelta

import pytest
from support.uploads import Upload, new_key
from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.verify import EnrolledKey, Received, Verified, read_claim, verify
from vox_telemetry_spec.digest import content_digest
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.taxonomy import SensitivityClass

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def enrolled(key, *, is_revoked=False):
    return EnrolledKey(key.public, "test", SensitivityClass.S1, is_revoked)


def received(upload, *, method="POST", authority=None, path=None, body=None, **fields):
    headers = upload.headers() | {name.replace("_", "-"): value for name, value in fields.items()}
    request = SignableRequest(
        method, authority or upload.authority, path or upload.path,
        {name: value for name, value in headers.items() if value is not None},
    )
    return Received(request, upload.coding, upload.body if body is None else body)


def checked(request, key, *, now=NOW):
    return verify(request, read_claim(request), key, now=now)


@pytest.fixture
def key():
    return new_key()


@pytest.fixture
def upload(key):
    return Upload(key=key, created=int(NOW.timestamp()), coding="gzip")


def test_a_good_request_is_verified(key, upload):
    verified = checked(received(upload), enrolled(key))
    assert verified.key.public.key_id == key.public.key_id
    assert verified.received.coded_body == upload.body


def test_nobody_else_makes_a_verified(key, upload):
    with pytest.raises(RuntimeError, match=re.escape("made by verify() only")):
        Verified(received(upload), enrolled(key), object())


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"authority": "other.example"},
        {"path": "/v1/batches/"},
        {"content_type": "application/json"},
        {"content_digest": content_digest(b"other")},
        {"idempotency_key": '"other"'},
        {"content_encoding": "zstd"},
    ],
)
def test_each_covered_part_is_bound(change, key, upload):
    with pytest.raises(RefusalError, match="does not verify") as caught:
        checked(received(upload, **change), enrolled(key))
    assert caught.value.problem is ProblemType.SIGNATURE_INVALID


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (r"created=\d+", f"created={int(NOW.timestamp()) + 1}", ProblemType.SIGNATURE_INVALID),
        (r"created=\d+;", "", ProblemType.SIGNATURE_MALFORMED),
        (r'nonce="[^"]+"', 'nonce="0123456789abcdef"', ProblemType.SIGNATURE_INVALID),
        (r'nonce="[^"]+"', 'nonce="short"', ProblemType.SIGNATURE_MALFORMED),
        (r'alg="ed25519"', 'alg="rsa-v1_5-sha256"', ProblemType.SIGNATURE_ALGORITHM),
        (r'tag="[^"]+"', 'tag="other"', ProblemType.SIGNATURE_MISSING),
        (r'keyid="[^"]+"', 'keyid="other"', ProblemType.KEY_UNKNOWN),
        (r'"@method" ', "", ProblemType.SIGNATURE_COVERAGE),
        (r'"@authority" ', "", ProblemType.SIGNATURE_COVERAGE),
        (r'"@path" ', "", ProblemType.SIGNATURE_COVERAGE),
        (r'"content-type" ', "", ProblemType.SIGNATURE_COVERAGE),
        (r'"content-digest" ', "", ProblemType.SIGNATURE_COVERAGE),
        (r'"idempotency-key" ', "", ProblemType.SIGNATURE_COVERAGE),
        (r' "content-encoding"', "", ProblemType.SIGNATURE_COVERAGE),
        (r'"@method" "@authority"', '"@authority" "@method"', ProblemType.SIGNATURE_INVALID),
        (r'"@path"', '"@path" "@query"', ProblemType.SIGNATURE_COVERAGE),
    ],
)
def test_each_parameter_of_the_signature_is_bound(old, new, problem, key, upload):
    tampered, count = re.subn(old, new, upload.headers()["signature-input"])
    assert count == 1
    headers = upload.headers()
    request = received(upload, signature_input=tampered, signature=headers["signature"])
    with pytest.raises(RefusalError) as caught:
        checked(request, enrolled(key))
    assert caught.value.problem is problem


def test_the_coding_must_be_covered_when_it_was_added_on_the_way(key):
    plain = Upload(key=key, created=int(NOW.timestamp()))
    with pytest.raises(RefusalError, match="does not cover content-encoding"):
        checked(received(plain, content_encoding="gzip"), enrolled(key))


def test_the_body_is_bound_by_the_digest(key, upload):
    with pytest.raises(RefusalError, match="SHA-256") as caught:
        checked(received(upload, body=upload.body + b"\n"), enrolled(key))
    assert caught.value.problem is ProblemType.CONTENT_DIGEST_MISMATCH


@pytest.mark.parametrize("off_s", [-300, 0, 300])
def test_the_window_is_300_seconds_both_ways(off_s, key, upload):
    checked(received(upload), enrolled(key), now=NOW + timedelta(seconds=off_s))


@pytest.mark.parametrize("off_s", [-301, 301])
def test_outside_the_window_the_answer_tells_our_time(off_s, key, upload):
    now = NOW + timedelta(seconds=off_s)
    with pytest.raises(RefusalError, match="expected at most 300 s") as caught:
        checked(received(upload), enrolled(key), now=now)
    assert caught.value.problem is ProblemType.SIGNATURE_STALE
    assert caught.value.sink_time == now.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_other_refusals_do_not_tell_our_time(key, upload):
    with pytest.raises(RefusalError) as caught:
        checked(received(upload, method="PUT"), enrolled(key))
    assert caught.value.sink_time == ""


def test_an_unknown_key_is_refused(upload):
    with pytest.raises(RefusalError, match="not enrolled") as caught:
        checked(received(upload), None)
    assert caught.value.problem is ProblemType.KEY_UNKNOWN


def test_a_key_that_the_lookup_confused_is_refused(upload):
    with pytest.raises(RefusalError, match="not enrolled"):
        checked(received(upload), enrolled(new_key()))


def test_a_revoked_key_is_refused(key, upload):
    with pytest.raises(RefusalError, match="revoked") as caught:
        checked(received(upload), enrolled(key, is_revoked=True))
    assert caught.value.problem is ProblemType.KEY_REVOKED


def test_a_key_id_proves_nothing(key, upload):
    """Signed by another key under the key id of an enrolled one."""
    forger = new_key()
    headers = Upload(key=forger, created=int(NOW.timestamp())).headers()
    theirs = headers["signature-input"].replace(forger.public.key_id, key.public.key_id)
    forged = Upload(key=forger, created=int(NOW.timestamp()), batch_id=upload.batch_id)
    request = received(forged, **{**headers, "signature-input": theirs})
    with pytest.raises(RefusalError, match="does not verify"):
        checked(request, enrolled(key))
