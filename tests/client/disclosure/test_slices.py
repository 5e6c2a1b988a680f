import json

import pytest

from support.client_world import put
from vox_telemetry_client.disclosure.slices import events_of, show
from vox_telemetry_client.spool import Spool


def test_the_pieces_together_are_the_file_and_marked_ones_are_its_events(spool: Spool) -> None:
    (batch,) = put(spool, events=5)
    events = events_of(batch.payload)
    assert events is not None
    assert [json.loads(one) for one in events] == json.loads(batch.payload)["events"]
    shown = show(batch.payload, events, [1, 4])
    assert shown.is_exact
    assert "".join(piece.text for piece in shown.pieces).encode() == batch.payload
    marked = {piece.event: piece.text for piece in shown.pieces if piece.event is not None}
    assert marked == {1: events[1].decode(), 4: events[4].decode()}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"schema":"x","events":[{}] }',
        b'{"schema":"x", "events":[{}]}',
        b'{"events":[{}]}',
        b'{"a":{"b":1,"events":[{}]},"events":[{"c":2}]}',
        b'{"a":1,"events":{}}',
        b"[" * 100_000,
    ],
)
def test_where_events_lie_in_other_bytes_is_not_guessed(payload: bytes) -> None:
    assert events_of(payload) is None


def test_a_text_in_an_event_that_looks_like_the_list_does_not_move_the_marks() -> None:
    payload = b'{"s":1,"events":[{"t":",\\"events\\":["},{"u":2}]}'
    events = events_of(payload)
    assert events == [b'{"t":",\\"events\\":["}', b'{"u":2}']
    assert [piece.text for piece in show(payload, events, [1]).pieces][1] == '{"u":2}'


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"\xff{}", r"\xff{}"),
        (b"a\x00b\r\n", "a\\x00b\\r\n"),
        ("\u202e{}".encode(), r"\u202e{}"),
    ],
)
def test_bytes_without_a_picture_are_spelt_out_and_it_is_said(payload: bytes, text: str) -> None:
    shown = show(payload, None, [])
    assert ("".join(piece.text for piece in shown.pieces), shown.is_exact) == (text, False)
