import gzip
import zlib
from datetime import UTC, datetime

import pytest
from backports import zstd
from support.uploads import Upload, new_key
from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.unpack import unpack
from vox_telemetry_sink.verify import EnrolledKey, Received, read_claim, verify
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.taxonomy import SensitivityClass

LIMIT = 4_194_304
TEXT = b'{"a":"' + b"text " * 1_000 + b'"}'


def unpacked(body, coding):
    key = new_key()
    upload = Upload(key=key, body=body, coding=coding)
    request = SignableRequest("POST", upload.authority, upload.path, upload.headers())
    received = Received(request, coding, body)
    enrolled = EnrolledKey(key.public, "test", SensitivityClass.S1, is_revoked=False)
    return unpack(verify(received, read_claim(received), enrolled, now=datetime.now(UTC)))


def zstd_with_window(payload, log2):
    options = {zstd.CompressionParameter.window_log: log2}
    packer = zstd.ZstdCompressor(options=options)
    # Without the content size in the header, the window is what the frame asks for.
    return packer.compress(payload) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "pack"), [(None, bytes), ("gzip", gzip.compress), ("zstd", zstd.compress)]
)
def test_what_was_packed_comes_out(coding, pack):
    assert unpacked(pack(TEXT), coding) == TEXT


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_the_limit_is_the_limit(coding, pack):
    assert len(unpacked(pack(b"0" * LIMIT), coding)) == LIMIT
    with pytest.raises(RefusalError, match="more than 4194304 bytes") as caught:
        unpacked(pack(b"0" * (LIMIT + 1)), coding)
    assert caught.value.problem is ProblemType.BODY_TOO_LARGE


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_a_bomb_is_cut_at_the_limit(coding, pack, monkeypatch):
    bomb = pack(b"\0" * 200_000_000)
    assert len(bomb) < 1_048_576
    with pytest.raises(RefusalError, match="more than 4194304 bytes"):
        unpacked(bomb, coding)


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
@pytest.mark.parametrize("more", [b"\0", b"trailing", "again"])
def test_nothing_may_follow(coding, pack, more):
    body = pack(TEXT) + (pack(b"more") if more == "again" else more)
    with pytest.raises(RefusalError, match=f"not one {coding} stream") as caught:
        unpacked(body, coding)
    assert caught.value.problem is ProblemType.BODY_MALFORMED


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
@pytest.mark.parametrize("cut", [1, 8, 20])
def test_an_early_end_is_named(coding, pack, cut):
    with pytest.raises(RefusalError, match=f"the {coding} stream in the body ends early") as caught:
        unpacked(pack(TEXT)[:-cut], coding)
    assert caught.value.problem is ProblemType.BODY_TRUNCATED


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("body", [TEXT, zlib.compress(TEXT), b"\x1f\x8b\x08\xff" + b"x" * 60])
def test_another_format_is_refused(coding, body):
    with pytest.raises(RefusalError, match=f"not one {coding} stream"):
        unpacked(body, coding)


def test_a_broken_checksum_is_refused():
    body = bytearray(gzip.compress(TEXT))
    body[-5] ^= 1
    with pytest.raises(RefusalError, match="not one gzip stream"):
        unpacked(bytes(body), "gzip")


def test_the_zstd_window_is_capped_at_8_mib():
    assert unpacked(zstd_with_window(TEXT, 23), "zstd") == TEXT
    with pytest.raises(RefusalError, match="window of at most 8388608 bytes"):
        unpacked(zstd_with_window(TEXT, 24), "zstd")
