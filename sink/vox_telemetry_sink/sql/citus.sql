-- What differs on a Citus cluster; `migrate --citus` runs it after the migrations, each time anew.
-- tests/sink/sql/test_citus.py holds both definitions to those of schema.sql.

-- Citus refuses a recursive CTE beside a distributed table, and takes one whose result is made first.
CREATE OR REPLACE VIEW key_origin AS
WITH made_first AS MATERIALIZED (
WITH RECURSIVE chain AS (
    SELECT key_id, key_id AS origin_key_id FROM client_key WHERE replaces IS NULL
    UNION
    SELECT later.key_id, chain.origin_key_id
    FROM client_key later JOIN chain ON later.replaces = chain.key_id
)
SELECT key_id, origin_key_id FROM chain
)
SELECT key_id, origin_key_id FROM made_first;

-- The new month is distributed before it is filled and attached: attaching would distribute it too,
-- but would leave a copy of its rows on the coordinator.
CREATE OR REPLACE FUNCTION ensure_event_partitions(first_day date, months integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    made integer := 0;
    month_start timestamptz;
    month_end timestamptz;
    partition_name text;
BEGIN
    FOR month IN 0 .. months - 1 LOOP
        month_start := (date_trunc('month', first_day::timestamp) + make_interval(months => month))
            AT TIME ZONE 'UTC';
        month_end := (date_trunc('month', first_day::timestamp) + make_interval(months => month + 1))
            AT TIME ZONE 'UTC';
        partition_name := 'event_' || to_char(month_start AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN to_regclass(partition_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING ALL)', partition_name);
        PERFORM create_distributed_table(partition_name, 'batch_id', colocate_with => 'event');
        EXECUTE format(
            'WITH moved AS (DELETE FROM event_default WHERE received_at >= %L AND received_at < %L '
            'RETURNING *) INSERT INTO %I SELECT * FROM moved',
            month_start, month_end, partition_name
        );
        EXECUTE format(
            'ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            partition_name, month_start, month_end
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
