"""The naive endpoint beside the sink: `apps/naive.py` with a table of its own, same database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import msgspec
from apps_served import served
from databases import Database
from load import saturate
from made import Batch, Row, http_request
from saturation import CREATED, events_in, no_collections

from vox_telemetry_spec.times import format_time

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS naive_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, metric_type text NOT NULL,
    session_id text NOT NULL, recorded_at timestamptz NOT NULL, metric_value double precision,
    metadata jsonb NOT NULL)
"""


@contextmanager
def running_naive(
    database: Database, transaction: str
) -> Iterator[Callable[[Sequence[Batch]], float]]:
    """Serve it with a commit an `event` or a `request`; yield what posts batches, in events/s."""
    database.run(_TABLE, "GRANT ALL ON naive_event TO PUBLIC")
    settings = {"DATABASE_URL": database.dsn, "TRANSACTION": transaction}
    with served("naive", settings) as port:
        yield partial(_posted, database, port)


def _posted(database: Database, port: int, batches: Sequence[Batch]) -> float:
    database.run("TRUNCATE naive_event", "CHECKPOINT")
    requests = [_request(batch.event_rows) for batch in batches]
    with no_collections():
        outcome = saturate(port, requests)
    outcome.assert_all(CREATED, len(batches))
    [stored] = database.row("SELECT count(*) FROM naive_event")
    events = events_in(batches)
    if stored != events:
        raise RuntimeError(f"{stored} events are stored, expected {events}")
    return events / outcome.took_s


def _request(rows: Sequence[Row]) -> bytes:
    body = msgspec.json.encode(
        [
            {
                "metric_type": metric_type,
                "session_id": session_id,
                "recorded_at": format_time(recorded_at),
                "metric_value": metric_value,
                "metadata": msgspec.Raw(metadata),
            }
            for _, _, _, recorded_at, _, metric_type, _, session_id, metric_value, metadata in rows
        ]
    )
    return http_request("/events", body, {"content-type": "application/json"})
