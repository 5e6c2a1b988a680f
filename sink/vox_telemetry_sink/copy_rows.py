"""The events of accepted batches as Postgres reads them fastest: the binary form of COPY; pure.

PostgreSQL, "COPY", "Binary Format": a header, then for each row the number of its fields, and for
each field its length (-1 is NULL) and its bytes as the type's receive function reads them: big
endian, timestamptz in microseconds since 2000, jsonb as a version byte and text. What is equal for
all events of a family in a batch is written once and repeated as bytes; a driver's own encoder
would go through each value of each row.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final
from uuid import UUID

from vox_telemetry_sink.enforce import Accepted
from vox_telemetry_spec.taxonomy import Family

# What repeats stands first, and what has a length of its own last.
EVENT_COLUMNS: Final = (
    "batch_id",
    "received_at",
    "family",
    "metric_type",
    "sensitivity_class",
    "event_index",
    "recorded_at",
    "metric_value",
    "session_id",
    "metadata",
)
HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, no extension
TRAILER: Final = b"\xff\xff"
CHUNK_MIN_BYTES: Final = 524_288  # what asyncpg sends at once, too

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_BATCH: Final = Struct(">hi16siq").pack
# event_index, recorded_at, metric_value, and the length of session_id
_VALUED: Final = Struct(">iiiqidi").pack
_VALUELESS: Final = Struct(">iiiqii").pack
_LENGTH: Final = Struct(">i").pack
_JSONB: Final = Struct(">iB").pack
_JSONB_VERSION: Final = 1
_NULL: Final = -1


def copy_chunks(batches: Iterable[Accepted]) -> Iterator[bytes]:
    """Yield the rows of all events of the batches, in EVENT_COLUMNS, as one COPY stream.

    In pieces of at least CHUNK_MIN_BYTES, each at most the rows of one batch longer.
    """
    parts, length = [HEADER], 0
    for accepted in batches:
        rows = _rows(accepted)
        parts.append(rows)
        length += len(rows)
        if length >= CHUNK_MIN_BYTES:
            yield b"".join(parts)
            parts, length = [], 0
    yield b"".join((*parts, TRAILER))


def _rows(accepted: Accepted) -> bytes:
    events = accepted.events
    families = {family.family: family for family in events.families}
    starts = {name: _start(accepted, family) for name, family in families.items()}
    parts: list[bytes] = []
    for index, (family, session_id, recorded_at, value, metadata) in enumerate(
        zip(*events, strict=True)
    ):
        session, recorded_us = session_id.encode(), _since_2000_us(recorded_at)
        parts += (
            starts[family.family],
            _VALUELESS(4, index, 8, recorded_us, _NULL, len(session))
            if value is None
            else _VALUED(4, index, 8, recorded_us, 8, value, len(session)),
            session,
            _JSONB(len(metadata) + 1, _JSONB_VERSION),
            metadata,
        )
    return b"".join(parts)


def _start(accepted: Accepted, family: Family) -> bytes:
    """Return how each row of a family begins: the number of fields and those that repeat."""
    batch_id = UUID(accepted.batch_id).bytes
    received_us = _since_2000_us(accepted.received_at)
    texts = (family.family, str(family.metric_type), family.sensitivity_class.value)
    return _BATCH(len(EVENT_COLUMNS), len(batch_id), batch_id, 8, received_us) + b"".join(
        _LENGTH(len(raw)) + raw for raw in map(str.encode, texts)
    )


def _since_2000_us(moment: datetime) -> int:
    """Return exact microseconds; a float of seconds would round."""
    return (moment - _EPOCH) // _MICROSECOND
