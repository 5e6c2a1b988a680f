"""Every version that was ever released migrates to this one with all its rows."""

import json
from typing import Any

import asyncpg
import pytest

from vox_telemetry_sink.database import migrate
from vox_telemetry_sink.sql import load_migrations

VERSIONS = [migration.version for migration in load_migrations()]
# What a database of that version can hold beside what earlier ones could; run right after its
# migration, so that a later one finds rows in every table that was there before it.
ROWS_SINCE = {
    1: """
        INSERT INTO client_key (key_id, public_key, name, max_sensitivity, enrolled_at, revoked_at)
        VALUES ('a', decode(repeat('11', 32), 'hex'), 'alice', 'S1', now(), NULL),
               ('b', decode(repeat('22', 32), 'hex'), 'bob', 'S2', now(), now());
        INSERT INTO batch (batch_id, key_id, payload_sha256, content_encoding, coded_body,
                           signed_request, event_count, approved_at, received_at, producer_name,
                           producer_version)
        SELECT gen_random_uuid(), 'a', decode(repeat('33', 32), 'hex'), coding, 'body', '{}', 2,
               received_at, received_at, 'p', '1'
        FROM unnest(ARRAY[NULL, 'gzip', 'zstd']) AS coding,
             unnest(ARRAY[now(), '2020-01-01', '2031-05-17']::timestamptz[]) AS received_at;
        INSERT INTO event (batch_id, event_index, received_at, recorded_at, family, metric_type,
                           sensitivity_class, session_id, metric_value, metadata)
        SELECT batch_id, index, received_at, received_at, 'benchmark', 'benchmark_event', 'S0',
               's', nullif(index, 1), '{"name": "n"}'
        FROM batch, generate_series(0, 1) AS index;
        INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256, coded_bytes)
        VALUES (now(), 'a', 'contract-refused', '[]', decode(repeat('44', 32), 'hex'), 7);
        INSERT INTO admin_log (action, subject, detail) VALUES ('keys.add', 'a', '{}');
    """,
    2: """
        UPDATE client_key SET families = '{benchmark}', not_before = now(), replaces = 'b'
        WHERE key_id = 'a';
        INSERT INTO enrolment_code (code_sha256, name, max_sensitivity, made_at, expires_at)
        VALUES (decode(repeat('55', 32), 'hex'), 'carol', 'S1', now(), now());
    """,
}
TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    ORDER BY 1
"""


async def migrate_up_to(dsn: str, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring an empty database to a version as that version left it, with rows in it."""
    for step in range(1, version + 1):
        known = load_migrations()[:step]
        with monkeypatch.context() as patched:
            patched.setattr("vox_telemetry_sink.database.load_migrations", lambda k=known: k)
            assert len(await migrate(dsn)) == 1
        connection = await asyncpg.connect(dsn)
        await connection.execute(ROWS_SINCE.get(step, ""))
        await connection.close()


async def rows_of(dsn: str) -> dict[str, list[dict[str, Any]]]:
    """Give all rows of all tables, each as an object."""
    connection = await asyncpg.connect(dsn)
    try:
        found = {}
        for (table,) in await connection.fetch(TABLES):
            select = f"SELECT to_jsonb(t)::text AS row FROM {table} t ORDER BY 1"  # noqa: S608 -- a name of the catalogue
            found[table] = [json.loads(row) for (row,) in await connection.fetch(select)]
        return found
    finally:
        await connection.close()


def without_new_columns(
    after: list[dict[str, Any]], before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Leave out what a later version added, so that only what was there is compared."""
    names = before[0].keys() if before else set()
    kept = [{name: row[name] for name in names} for row in after]
    return sorted(kept, key=json.dumps)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_filled_database_of_each_version_migrates_and_keeps_every_row(
    version: int, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate_up_to(empty_database_url, version, monkeypatch)
    before = await rows_of(empty_database_url)
    assert {table: len(rows) for table, rows in before.items()}["event"] == 18
    assert all(before.values()) or version > max(ROWS_SINCE)
    assert len(await migrate(empty_database_url)) == VERSIONS[-1] - version
    after = await rows_of(empty_database_url)
    after["schema_migration"] = [r for r in after["schema_migration"] if r["version"] <= version]
    for table, rows in before.items():
        assert without_new_columns(after[table], rows) == sorted(rows, key=json.dumps), table
