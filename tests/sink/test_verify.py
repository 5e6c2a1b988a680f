import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.uploads import Upload, new_key
from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.verify import EnrolledKey, Received, Verified, read_claim, verify
from vox_telemetry_spec.digest import content_digest
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.taxonomy import SensitivityClass

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def enrolled(key: SigningKey, *, is_revoked: Any = False) -> Any:
    return EnrolledKey(key.public, "test", SensitivityClass.S1, is_revoked)


def received(
    upload: Upload,
    *,
    method: Any = "POST",
    authority: Any = None,
    path: Any = None,
    body: bytes | None = None,
    **fields: Any,
) -> Any:
    headers = upload.headers() | {name.replace("_", "-"): value for name, value in fields.items()}
    request = SignableRequest(
        method,
        authority or upload.authority,
        path or upload.path,
        {name: value for name, value in headers.items() if value is not None},
    )
    return Received(request, upload.coding, upload.body if body is None else body)


def checked(request: Any, key: SigningKey, *, now: Any = NOW) -> Any:
    return verify(request, read_claim(request), key, now=now)


@pytest.fixture
def key() -> Any:
    return new_key()


@pytest.fixture
def upload(key: SigningKey) -> Any:
    return Upload(key=key, created=int(NOW.timestamp()), coding="gzip")


def test_a_good_request_is_verified(key: SigningKey, upload: Upload) -> None:
    verified = checked(received(upload), enrolled(key))
    assert verified.key.public.key_id == key.public.key_id
    assert verified.received.coded_body == upload.body


def test_nobody_else_makes_a_verified(key: SigningKey, upload: Upload) -> None:
    got = received(upload)
    with pytest.raises(RuntimeError, match=re.escape("made by verify() only")):
        Verified(got, read_claim(got), enrolled(key), object())


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
def test_each_covered_part_is_bound(
    change: dict[str, str], key: SigningKey, upload: Upload
) -> None:
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
def test_each_parameter_of_the_signature_is_bound(
    old: str, new: str, problem: ProblemType, key: SigningKey, upload: Upload
) -> None:
    tampered, count = re.subn(old, new, upload.headers()["signature-input"])
    assert count == 1
    headers = upload.headers()
    request = received(upload, signature_input=tampered, signature=headers["signature"])
    with pytest.raises(RefusalError) as caught:
        checked(request, enrolled(key))
    assert caught.value.problem is problem


def test_the_coding_must_be_covered_when_it_was_added_on_the_way(key: SigningKey) -> None:
    plain = Upload(key=key, created=int(NOW.timestamp()))
    with pytest.raises(RefusalError, match="does not cover content-encoding"):
        checked(received(plain, content_encoding="gzip"), enrolled(key))


def test_the_body_is_bound_by_the_digest(key: SigningKey, upload: Upload) -> None:
    with pytest.raises(RefusalError, match="SHA-256") as caught:
        checked(received(upload, body=upload.body + b"\n"), enrolled(key))
    assert caught.value.problem is ProblemType.CONTENT_DIGEST_MISMATCH


@pytest.mark.parametrize("off_s", [-300, 0, 300])
def test_the_window_is_300_seconds_both_ways(off_s: int, key: SigningKey, upload: Upload) -> None:
    checked(received(upload), enrolled(key), now=NOW + timedelta(seconds=off_s))


@pytest.mark.parametrize("off_s", [-301, 301])
def test_outside_the_window_the_answer_tells_our_time(
    off_s: int, key: SigningKey, upload: Upload
) -> None:
    now = NOW + timedelta(seconds=off_s)
    with pytest.raises(RefusalError, match="expected at most 300 s") as caught:
        checked(received(upload), enrolled(key), now=now)
    assert caught.value.problem is ProblemType.SIGNATURE_STALE
    assert caught.value.sink_time == now.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_other_refusals_do_not_tell_our_time(key: SigningKey, upload: Upload) -> None:
    with pytest.raises(RefusalError) as caught:
        checked(received(upload, method="PUT"), enrolled(key))
    assert caught.value.sink_time == ""


def test_an_unknown_key_is_refused(upload: Upload) -> None:
    with pytest.raises(RefusalError, match="not enrolled") as caught:
        checked(received(upload), None)
    assert caught.value.problem is ProblemType.KEY_UNKNOWN


def test_a_key_that_the_lookup_confused_is_refused(upload: Upload) -> None:
    with pytest.raises(RefusalError, match="not enrolled"):
        checked(received(upload), enrolled(new_key()))


def test_a_revoked_key_is_refused(key: SigningKey, upload: Upload) -> None:
    with pytest.raises(RefusalError, match="revoked") as caught:
        checked(received(upload), enrolled(key, is_revoked=True))
    assert caught.value.problem is ProblemType.KEY_REVOKED


def test_a_key_that_waits_is_refused_with_what_to_do(key: SigningKey, upload: Upload) -> None:
    message = f"ask whoever runs the sink to approve key {key.public.key_id}"
    with pytest.raises(RefusalError, match=message) as caught:
        checked(received(upload), replace(enrolled(key), is_waiting=True))
    assert caught.value.problem is ProblemType.KEY_NOT_APPROVED
    assert caught.value.sink_time == ""


def test_that_a_key_waits_is_said_to_nobody_who_does_not_hold_it(
    key: SigningKey, upload: Upload
) -> None:
    forged = received(upload, idempotency_key='"other"')
    with pytest.raises(RefusalError) as caught:
        checked(forged, replace(enrolled(key), is_waiting=True))
    assert caught.value.problem is ProblemType.SIGNATURE_INVALID


def test_that_a_key_waits_is_said_before_the_body_is_looked_at(
    key: SigningKey, upload: Upload
) -> None:
    """A wrong digest sets the batch aside; a key that waits keeps it where it is."""
    with pytest.raises(RefusalError) as caught:
        checked(received(upload, body=b""), replace(enrolled(key), is_waiting=True))
    assert caught.value.problem is ProblemType.KEY_NOT_APPROVED


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ({"is_revoked": True}, ProblemType.KEY_REVOKED),
        ({"not_after": NOW}, ProblemType.KEY_EXPIRED),
        ({"not_before": NOW + timedelta(seconds=1)}, ProblemType.KEY_NOT_YET_VALID),
    ],
)
def test_what_no_approval_would_mend_is_said_of_a_key_that_waits(
    state: Any, problem: ProblemType, key: SigningKey, upload: Upload
) -> None:
    with pytest.raises(RefusalError) as caught:
        checked(received(upload), replace(enrolled(key), is_waiting=True, **state))
    assert caught.value.problem is problem


def test_a_key_id_proves_nothing(key: SigningKey, upload: Upload) -> None:
    """Signed by another key under the key id of an enrolled one."""
    forger = new_key()
    headers = Upload(key=forger, created=int(NOW.timestamp())).headers()
    theirs = headers["signature-input"].replace(forger.public.key_id, key.public.key_id)
    forged = Upload(key=forger, created=int(NOW.timestamp()), batch_id=upload.batch_id)
    request = received(forged, **{**headers, "signature-input": theirs})
    with pytest.raises(RefusalError, match="does not verify"):
        checked(request, enrolled(key))


@pytest.mark.parametrize(
    ("bounds", "problem", "message"),
    [
        ({"not_after": NOW}, ProblemType.KEY_EXPIRED, "valid until 2026-11-22T10:00:00.000Z"),
        (
            {"not_before": NOW + timedelta(milliseconds=1)},
            ProblemType.KEY_NOT_YET_VALID,
            "valid from 2026-11-22T10:00:00.001Z",
        ),
        (
            {"not_after": NOW, "is_revoked": True},
            ProblemType.KEY_REVOKED,
            "revoked",
        ),
    ],
)
def test_a_key_outside_of_its_validity_is_refused(
    bounds: Any, problem: ProblemType, message: str, key: SigningKey, upload: Upload
) -> None:
    with pytest.raises(RefusalError, match=message) as caught:
        checked(received(upload), replace(enrolled(key), **bounds))
    assert caught.value.problem is problem
    is_of_time = problem is not ProblemType.KEY_REVOKED
    assert caught.value.sink_time == ("2026-11-22T10:00:00.000Z" if is_of_time else "")


def test_a_key_is_good_from_its_first_moment_until_before_its_last(
    key: SigningKey, upload: Upload
) -> None:
    bounds = {"not_before": NOW, "not_after": NOW + timedelta(microseconds=1)}
    assert checked(received(upload), replace(enrolled(key), **bounds))
