"""The database under test: one server for the sink and for what it is compared with."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from costs import processor_s
from processes import scratch

from support.postgres import PostgresServer, in_own_loop, with_database
from support.senders import enrolled_keys
from vox_telemetry_sink.database import migrate
from vox_telemetry_sink.embedded import running_postgres
from vox_telemetry_spec.keys import SigningKey

DATABASE_URL: Final = "VOX_BENCH_DATABASE_URL"
# As many as there are connections: the sink checks one batch of a key at a time.
KEYS: Final = 64

_EMPTY: Final = "TRUNCATE batch, event, rejection"
# Sums over hashes of whole rows, but for received_at, which each side sets itself.
_CONTENT: Final = """
SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM event), (SELECT count(*) FROM rejection),
  (SELECT sum(hashtextextended(concat_ws('|', batch_id, key_id, payload_sha256, content_encoding,
     coded_body, signed_request, event_count, approved_at, producer_name, producer_version), 0))
   FROM batch),
  (SELECT sum(hashtextextended(concat_ws('|', batch_id, event_index, recorded_at, family,
     metric_type, sensitivity_class, session_id, metric_value, metadata), 0)) FROM event)
"""
_STORED: Final = """
SELECT (SELECT count(*) FROM batch WHERE batch_id = ANY ($1)),
       (SELECT count(*) FROM event WHERE batch_id = ANY ($1))
"""
# An autovacuum would fall into some rounds and not into others.
_NO_AUTOVACUUM: Final = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT oid::regclass FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
  LOOP EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', name); END LOOP;
END $$
"""


class Content(NamedTuple):
    """What the tables hold."""

    batches: int
    events: int
    rejections: int
    batch_hash: int | None
    event_hash: int | None


@dataclass(frozen=True)
class Database:
    """A migrated database, with enrolled keys."""

    server: PostgresServer
    dsn: str
    keys: Sequence[SigningKey] = field(repr=False)
    postmaster: int | None

    def empty(self) -> None:
        """Let the next side begin as the last one did: no rows, nothing left to be written back."""
        self.run(_EMPTY, "CHECKPOINT")

    def run(self, *statements: str) -> None:
        """Run statements one by one as the administrator."""
        self.server.administer(*statements, database=urlsplit(self.dsn).path.removeprefix("/"))

    def content(self) -> Content:
        """Return what is stored, to be compared."""
        return Content(*self.row(_CONTENT))

    def stored(self, batch_ids: Sequence[UUID]) -> tuple[int, int]:
        """Return how many of these batches are stored, and how many events of theirs."""
        batches, events = self.row(_STORED, batch_ids)
        return batches, events

    def row(self, query: str, *args: object) -> tuple[Any, ...]:
        """Return the one row of a query."""
        return tuple(in_own_loop(partial(_fetch, self.dsn, query, *args)))

    def processor_s(self) -> float | None:
        """Return the processor time of the server so far; None where it was not started here."""
        return processor_s(self.postmaster)


@contextmanager
def some_database() -> Iterator[Database]:
    """Make a migrated database on the server of VOX_BENCH_DATABASE_URL, else on an embedded one.

    The embedded one has the settings that the sink gives it; fsync is on.
    """
    with _some_server() as (server, postmaster), server.fresh_database() as dsn:
        yield _prepared(server, dsn, postmaster)


@contextmanager
def another_database(beside: Database) -> Iterator[Database]:
    """Make one more on the same server."""
    with beside.server.fresh_database() as dsn:
        yield _prepared(beside.server, dsn, beside.postmaster)


def _prepared(server: PostgresServer, dsn: str, postmaster: int | None) -> Database:
    in_own_loop(partial(migrate, dsn))
    keys = in_own_loop(partial(enrolled_keys, dsn, KEYS))
    database = Database(server, dsn, keys, postmaster)
    database.run(_NO_AUTOVACUUM)
    return database


@contextmanager
def _some_server() -> Iterator[tuple[PostgresServer, int | None]]:
    """Yield a server, and the pid of its postmaster where it is ours."""
    url = os.environ.get(DATABASE_URL)
    if url is not None:
        yield PostgresServer(DATABASE_URL, url, url), None
        return
    with scratch("data-") as folder, running_postgres(folder) as dsn:
        admin_dsn = with_database(dsn.replace("user=vox", "user=postgres"), "postgres")
        pid_file = folder / "postgres" / "pg" / "postmaster.pid"
        postmaster = int(pid_file.read_text(encoding="utf-8").split()[0])
        yield PostgresServer("embedded", admin_dsn, dsn), postmaster


async def _fetch(dsn: str, query: str, *args: object) -> Iterable[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        [row] = await connection.fetch(query, *args)
        return row
    finally:
        await connection.close()
