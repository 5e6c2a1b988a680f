"""Receipts that the sink signs (issue 5 point 4), read by an independent RFC 9421 implementation."""

import gzip
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from http_message_signatures import InvalidSignature

from support.enrolments import Enrolling, invited
from support.receipts import of_httpx, verify_with_theirs
from support.uploads import Upload
from vox_telemetry_sink.app import create_app
from vox_telemetry_sink.config import Config
from vox_telemetry_sink.errors import ConfigError
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_sink.receipt_key import generate_receipt_key
from vox_telemetry_spec.keys import SigningKey

LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
PROOF = {"content-digest", "signature-input", "signature"}


@pytest.fixture
def receipt_key_file(tmp_path: Path) -> Path:
    return tmp_path / "receipt.pem"


@pytest.fixture
def receipt_key(receipt_key_file: Path) -> SigningKey:
    return generate_receipt_key(receipt_key_file)


async def test_a_new_batch_and_its_repetition_get_receipts_that_the_sink_has_signed(
    live_sink: LiveSink,
    upload: Callable[..., Upload],
    receipt_key: SigningKey,
    receipt_key_file: Path,
) -> None:
    one = upload()
    async with live_sink(receipt_key_file=receipt_key_file) as client:
        first = await one.post(client)
        again = await replace(one, body=gzip.compress(one.payload), coding="gzip").post(client)
    assert [first.status_code, again.status_code] == [201, 200]
    assert first.content == again.content
    for answer in (first, again):
        params = verify_with_theirs(of_httpx(answer), receipt_key.public)
        assert set(params) == {"created", "keyid", "alg", "tag"}
    assert first.headers["signature"] != again.headers["signature"]


async def test_a_receipt_is_bound_to_its_request(
    live_sink: LiveSink,
    upload: Callable[..., Upload],
    receipt_key: SigningKey,
    receipt_key_file: Path,
) -> None:
    one = upload()
    async with live_sink(receipt_key_file=receipt_key_file) as client:
        await one.post(client)
        again, third = await one.post(client), await one.post(client)
    assert again.content == third.content
    swapped = of_httpx(again)
    swapped.request = of_httpx(third).request
    with pytest.raises(InvalidSignature):
        verify_with_theirs(swapped, receipt_key.public)


async def test_any_label_of_the_request_s_signature_is_named(
    live_sink: LiveSink,
    upload: Callable[..., Upload],
    receipt_key: SigningKey,
    receipt_key_file: Path,
) -> None:
    one = upload()
    headers = one.headers()
    for name in ("signature-input", "signature"):
        headers[name] = "a-b.c*1" + headers[name].removeprefix("vox")
    async with live_sink(receipt_key_file=receipt_key_file) as client:
        answer = await client.post(one.path, content=one.body, headers=headers)
    verify_with_theirs(of_httpx(answer), receipt_key.public, label="a-b.c*1")


async def test_a_refusal_is_not_signed(
    live_sink: LiveSink,
    upload: Callable[..., Upload],
    receipt_key: SigningKey,
    receipt_key_file: Path,
) -> None:
    async with live_sink(receipt_key_file=receipt_key_file) as client:
        refused = await upload(changes={"idempotency-key": '"x"'}).post(client)
    assert refused.status_code == 401
    assert PROOF.isdisjoint(refused.headers)
    assert receipt_key.public.key_id not in refused.text


async def test_without_a_key_receipts_are_unsigned(
    client: httpx.AsyncClient, upload: Callable[..., Upload], key_store: KeyStore
) -> None:
    answer = await upload().post(client)
    assert answer.status_code == 201
    assert PROOF.isdisjoint(answer.headers)
    enrolled = await Enrolling(await invited(key_store)).post(client)
    assert enrolled.json()["sink_key"] is None


async def test_an_enrolment_gives_the_key_that_signs_receipts(
    live_sink: LiveSink, key_store: KeyStore, receipt_key: SigningKey, receipt_key_file: Path
) -> None:
    one = Enrolling(await invited(key_store))
    async with live_sink(receipt_key_file=receipt_key_file) as client:
        answers = [await one.post(client), await one.post(client)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert [answer.json()["sink_key"] for answer in answers] == [receipt_key.public.jwk] * 2


async def test_a_repeated_enrolment_gives_the_new_key_after_a_rotation(
    live_sink: LiveSink, key_store: KeyStore, receipt_key_file: Path
) -> None:
    old = generate_receipt_key(receipt_key_file)
    one = Enrolling(await invited(key_store))
    async with live_sink(receipt_key_file=receipt_key_file) as client:
        assert (await one.post(client)).json()["sink_key"] == old.public.jwk
    new_file = receipt_key_file.with_name("new.pem")
    new = generate_receipt_key(new_file)
    async with live_sink(receipt_key_file=new_file) as client:
        again = await one.post(client)
    assert (again.status_code, again.json()["sink_key"]) == (200, new.public.jwk)


def test_a_key_that_others_can_read_keeps_the_sink_from_starting(
    config: Config, receipt_key: SigningKey, receipt_key_file: Path
) -> None:
    receipt_key_file.chmod(0o640)
    with pytest.raises(ConfigError, match="its mode is 0640, expected 0600 or 0400") as caught:
        create_app(replace(config, receipt_key_file=receipt_key_file))
    assert receipt_key.public.key_id not in str(caught.value)
