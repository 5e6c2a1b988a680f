import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.client_world import NOW
from support.events import benchmark_event
from vox_telemetry_client.repeats import Repeats, event_digest, payload_digests
from vox_telemetry_spec.envelope import Producer, compose
from vox_telemetry_spec.strict_json import encode


def test_a_digest_is_of_the_canonical_bytes() -> None:
    expected = hashlib.sha256(b'{"a":1.5,"b":"\xc3\xa9"}').digest()[:16]
    assert event_digest(encode({"a": 1.5, "b": "é"})) == expected


def test_a_batch_gives_the_digests_of_its_events() -> None:
    events = [benchmark_event(), benchmark_event(name="é"), benchmark_event(metric_value=None)]
    payload = compose(
        events,
        batch_id="0193d5f0-0000-7000-8000-000000000000",
        approved_at=NOW,
        producer=Producer("n", "1"),
    )
    assert payload_digests(payload) == [event_digest(encode(event)) for event in events]


@pytest.mark.parametrize("payload", [b"", b"{}", b"xxxx", b'{"events":3}', b"\xff"])
def test_other_bytes_have_none(payload: bytes) -> None:
    assert payload_digests(payload) == []


@given(st.lists(st.sampled_from(["a", "b", "c"])), st.lists(st.sampled_from(["a", "b", "c"])))
def test_equal_events_are_counted(before: list[str], now: list[str]) -> None:
    repeats = Repeats(Counter(event_digest(encode(event)) for event in before))
    new = [event for event in now if not repeats.is_repeat(encode(event))]
    assert Counter(new) == Counter(now) - Counter(before)
    assert repeats.found == len(now) - len(new)
