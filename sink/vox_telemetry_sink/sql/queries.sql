-- Every statement that the sink runs. A line "-- name --" opens one; the comment says what for.

-- lock_migrations --
-- Two sinks that migrate at once take turns; the lock ends with the session.
SELECT pg_advisory_lock(7627640);

-- create_schema_migration --
-- The one table that migrations do not make.
CREATE TABLE IF NOT EXISTS schema_migration (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- schema_migration_exists --
SELECT to_regclass('schema_migration') IS NOT NULL;

-- applied_migrations --
SELECT version, name, sha256 FROM schema_migration ORDER BY version;

-- record_migration --
INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3);

-- ensure_event_partitions --
-- $1 a day of the first month, $2 how many months.
SELECT ensure_event_partitions($1, $2);
