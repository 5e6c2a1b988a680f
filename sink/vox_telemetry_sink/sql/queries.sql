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

-- event_partition_exists --
-- This month's, or the default one, which takes whatever has none.
SELECT to_regclass('event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')) IS NOT NULL
    OR to_regclass('event_default') IS NOT NULL;

-- facts --
-- For doctor. Months ahead count from this one, and those within a year.
SELECT current_setting('server_version'), clock_timestamp(),
       NOT EXISTS (SELECT 1 FROM event_default),  -- of no columns, Citus can make no subquery
       (SELECT count(*) FROM generate_series(0, 11) AS month
        WHERE to_regclass('event_' || to_char(
            date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => month), 'YYYY_MM'
        )) IS NOT NULL),
       (SELECT count(*) FROM client_key
        WHERE revoked_at IS NULL AND approved_at IS NOT NULL AND coalesce(not_before <= now(), true)
          AND coalesce(not_after > now(), true)),
       (SELECT count(*) FROM client_key
        WHERE revoked_at IS NULL AND approved_at IS NULL AND coalesce(not_after > now(), true));

-- find_key --
SELECT public_key, name, max_sensitivity, revoked_at, families, not_before, not_after, approved_at
FROM client_key WHERE key_id = $1;

-- list_keys --
-- $1 one key, or NULL for all of them. Joined, not looked up row by row: there may be ten thousand.
SELECT client_key.key_id, public_key, name, max_sensitivity, families, enrolled_at, not_before,
       not_after, approved_at, revoked_at, client_key.replaces, later.key_id AS replaced_by
FROM client_key LEFT JOIN (
    SELECT DISTINCT ON (replaces) replaces, key_id FROM client_key
    WHERE replaces IS NOT NULL AND revoked_at IS NULL ORDER BY replaces, enrolled_at DESC, key_id
) AS later ON later.replaces = client_key.key_id
WHERE $1::text IS NULL OR client_key.key_id = $1 ORDER BY enrolled_at, client_key.key_id;

-- add_key --
-- No row comes back when the key is enrolled already. $10 NULL: it waits for approval.
INSERT INTO client_key (key_id, public_key, name, enrolled_at, max_sensitivity, families,
                        not_before, not_after, replaces, approved_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (key_id) DO NOTHING RETURNING key_id;

-- revoke_key --
-- A second revocation keeps the time of the first; no row comes back for an unknown key.
UPDATE client_key SET revoked_at = coalesce(revoked_at, $2) WHERE key_id = $1 RETURNING revoked_at;

-- approve_key --
-- A second approval keeps the time of the first; no row comes back for an unknown key or a revoked one.
UPDATE client_key SET approved_at = coalesce(approved_at, $2)
WHERE key_id = $1 AND revoked_at IS NULL RETURNING approved_at;

-- lock_key --
-- Two rotations of one key take turns.
SELECT FROM client_key WHERE key_id = $1 FOR UPDATE;

-- end_key --
-- Never later than it would have ended; LEAST ignores NULL.
UPDATE client_key SET not_after = least(not_after, $2) WHERE key_id = $1 RETURNING not_after;

-- keep_code --
INSERT INTO enrolment_code (code_sha256, name, max_sensitivity, families, valid_days, made_at,
                            expires_at, needs_approval)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- claim_code --
-- A second claim at the same moment waits for the first and then finds the code used.
UPDATE enrolment_code SET used_by = $2, used_at = $3
WHERE code_sha256 = $1 AND used_at IS NULL AND expires_at > $3
RETURNING name, max_sensitivity, families, valid_days, needs_approval;

-- code_was_used_by --
-- A revoked key does not get its receipt again.
SELECT EXISTS (
    SELECT FROM enrolment_code JOIN client_key ON key_id = used_by
    WHERE code_sha256 = $1 AND used_by = $2 AND revoked_at IS NULL
);

-- log_admin --
INSERT INTO admin_log (action, subject, detail) VALUES ($1, $2, $3);

-- add_console_token --
INSERT INTO console_token (token_id, secret_sha256, name, role, made_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- list_console_tokens --
SELECT token_id, name, role, made_at, expires_at, revoked_at
FROM console_token ORDER BY made_at, token_id;

-- find_console_token --
SELECT secret_sha256, name, expires_at > $2 AND revoked_at IS NULL AS is_good
FROM console_token WHERE token_id = $1;

-- revoke_console_token --
-- A second revocation keeps the time of the first; no row comes back for an unknown token.
UPDATE console_token SET revoked_at = coalesce(revoked_at, $2) WHERE token_id = $1
RETURNING revoked_at, name;

-- end_console_sessions --
DELETE FROM console_session WHERE token_id = $1;

-- begin_console_session --
INSERT INTO console_session (session_sha256, token_id, began_at, used_at) VALUES ($1, $2, $3, $3);

-- find_console_session --
-- $2 now; $3 and $4 the earliest begin and last use that still count.
SELECT token_id, name, role, used_at, notice
FROM console_session JOIN console_token USING (token_id)
WHERE session_sha256 = $1 AND expires_at > $2 AND revoked_at IS NULL
  AND began_at > $3 AND used_at > $4;

-- use_console_session --
UPDATE console_session SET used_at = greatest(used_at, $2) WHERE session_sha256 = $1;

-- put_console_notice --
UPDATE console_session SET notice = $2 WHERE session_sha256 = $1;

-- end_console_session --
DELETE FROM console_session WHERE session_sha256 = $1;

-- sweep_console_sessions --
-- $1 the earliest begin that still counts, $2 the earliest last use.
DELETE FROM console_session WHERE began_at <= $1 OR used_at <= $2;

-- claim_batches --
-- One statement for a whole group. An id that another transaction is claiming at this moment is
-- waited for; only the ids that are ours come back. Callers sort by id so that two sinks with the
-- same ids wait for each other in one order.
INSERT INTO batch (batch_id, key_id, payload_sha256, content_encoding, coded_body, signed_request,
                   event_count, approved_at, received_at, producer_name, producer_version,
                   family_counts)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::jsonb[],
                     $7::integer[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[],
                     $12::jsonb[])
ON CONFLICT (batch_id) DO NOTHING RETURNING batch_id;

-- find_batches --
-- What receipts are made of.
SELECT batch_id, payload_sha256, event_count, received_at FROM batch WHERE batch_id = ANY ($1);

-- write_something --
-- A commit that wrote nothing waits for no standby. A repetition writes nothing, and the commit that
-- it repeats may have been given up while it waited: the row is there, and perhaps on one disk only.
SELECT pg_logical_emit_message(true, 'vox-telemetry-sink', '');

-- keep_rejection --
INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256, coded_bytes,
                       event_count)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- count_duplicates --
-- One statement for a whole group; callers sort by day and key, so that two sinks that count the
-- same wait for each other in one order.
INSERT INTO duplicate_tally AS tally (day, key_id, batches, events)
SELECT * FROM unnest($1::date[], $2::text[], $3::bigint[], $4::bigint[])
ON CONFLICT (day, key_id) DO UPDATE
SET batches = tally.batches + excluded.batches, events = tally.events + excluded.events;


-- lock_partitions --
-- Workers that make partitions at once, or while a migration runs, take turns.
SELECT pg_advisory_xact_lock(7627640);

-- months_in_default --
-- The months whose rows found no partition; mostly none, so the scan is of an empty table.
SELECT DISTINCT date_trunc('month', received_at AT TIME ZONE 'UTC')::date FROM event_default
ORDER BY 1;

-- grant_views --
-- The roles of the views, made where this role may make them.
SELECT grant_views();

-- event_partitions --
-- The months that have a partition of ours; what an operator attached by hand is not ours to drop.
SELECT to_date(c.relname, '"event_"YYYY_MM') AS month
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
WHERE inhparent = 'event'::regclass AND c.relname ~ '^event_[0-9]{4}_(0[1-9]|1[0-2])$' ORDER BY 1;

-- count_events --
-- $1 up to $2: of one month, so one partition is read.
SELECT count(*) FROM event WHERE received_at >= $1 AND received_at < $2;

-- drop_event_partition --
SELECT drop_event_partition($1);

-- count_aged_default --
SELECT count(*) FROM event_default WHERE received_at < $1;

-- count_aged_bodies --
SELECT count(*), coalesce(sum(octet_length(coded_body)), 0)::bigint
FROM batch WHERE received_at < $1 AND coded_body IS NOT NULL;

-- count_aged_batches --
SELECT count(*) FROM batch WHERE received_at < $1;

-- count_aged_rejections --
SELECT count(*) FROM rejection WHERE rejected_at < $1;

-- count_aged_duplicates --
-- A day goes when its last moment is past the limit.
SELECT count(*) FROM duplicate_tally WHERE day < ($1::timestamptz AT TIME ZONE 'UTC')::date;

-- count_aged_codes --
SELECT count(*) FROM enrolment_code WHERE expires_at < $1;

-- count_aged_admin_log --
SELECT count(*) FROM admin_log WHERE logged_at < $1;

-- remove_bodies --
-- $2 the last id of the chunk before, so that the ids are walked once; $3 how many, $4 now.
WITH aged AS (
    SELECT batch_id, octet_length(coded_body) AS bytes FROM batch
    WHERE batch_id > $2 AND received_at < $1 AND coded_body IS NOT NULL
    ORDER BY batch_id LIMIT $3
)
UPDATE batch SET coded_body = NULL, signed_request = NULL, family_counts = NULL,
                 body_removed_at = $4
FROM aged WHERE batch.batch_id = aged.batch_id RETURNING batch.batch_id, aged.bytes;

-- delete_aged_default --
-- $2 how many, here and below: a chunk is a transaction.
DELETE FROM event_default WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM event_default WHERE received_at < $1 LIMIT $2));

-- delete_aged_batches --
DELETE FROM batch WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM batch WHERE received_at < $1 LIMIT $2));

-- delete_aged_rejections --
DELETE FROM rejection WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM rejection WHERE rejected_at < $1 LIMIT $2));

-- delete_aged_duplicates --
DELETE FROM duplicate_tally WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM duplicate_tally
          WHERE day < ($1::timestamptz AT TIME ZONE 'UTC')::date LIMIT $2));

-- delete_default_on_every_shard --
-- Here and below: on a cluster a ctid names a row of each shard, and every shard is a chunk.
DELETE FROM event_default WHERE received_at < $1;

-- delete_batches_on_every_shard --
DELETE FROM batch WHERE received_at < $1;

-- delete_rejections_on_every_shard --
DELETE FROM rejection WHERE rejected_at < $1;

-- delete_duplicates_on_every_shard --
DELETE FROM duplicate_tally WHERE day < ($1::timestamptz AT TIME ZONE 'UTC')::date;

-- delete_aged_codes --
DELETE FROM enrolment_code WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM enrolment_code WHERE expires_at < $1 LIMIT $2));

-- delete_aged_admin_log --
DELETE FROM admin_log WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM admin_log WHERE logged_at < $1 LIMIT $2));

-- export_events --
-- By a cursor; $3 a family, or NULL for all. The order makes two exports of one range equal.
SELECT event.received_at, event.recorded_at, batch.key_id, event.batch_id, event.event_index,
       event.family, event.metric_type, event.sensitivity_class, event.session_id,
       event.metric_value, event.metadata
FROM event JOIN batch USING (batch_id)
WHERE event.received_at >= $1 AND event.received_at < $2 AND ($3::text IS NULL OR family = $3)
ORDER BY event.received_at, event.batch_id, event.event_index;

-- list_rejections --
-- The latest first.
SELECT rejection_id, rejected_at, key_id, problem, violations, content_sha256, coded_bytes
FROM rejection WHERE rejected_at >= $1 ORDER BY rejected_at DESC, rejection_id DESC LIMIT $2;

-- count_rejections --
SELECT problem, count(*) AS batches, count(DISTINCT key_id) AS keys
FROM rejection WHERE rejected_at >= $1 GROUP BY problem ORDER BY batches DESC, problem;

-- count_rejections_by_rule --
SELECT problem, violation ->> 'rule' AS rule, count(*) AS violations,
       count(DISTINCT rejection_id) AS batches, count(DISTINCT key_id) AS keys
FROM rejection CROSS JOIN jsonb_array_elements(violations) AS violation
WHERE rejected_at >= $1 GROUP BY problem, rule ORDER BY violations DESC, problem, rule;

-- find_anonymity --
SELECT k_keys FROM anonymity;

-- change_anonymity --
UPDATE anonymity SET k_keys = $1;

-- count_without_body --
SELECT count(*) FROM batch WHERE received_at >= $1 AND coded_body IS NULL;

-- audit_batches --
-- By a cursor, in the order of the primary key: nothing is sorted. The key as it was enrolled,
-- whether it is good today or not.
SELECT batch_id, batch.key_id, public_key, payload_sha256, content_encoding, coded_body,
       signed_request, event_count, batch.approved_at, received_at, producer_name, producer_version,
       family_counts
FROM batch LEFT JOIN client_key USING (key_id)
WHERE received_at >= $1 AND coded_body IS NOT NULL ORDER BY batch_id;

-- audit_events --
SELECT event_index, received_at, recorded_at, family, metric_type, sensitivity_class, session_id,
       metric_value, metadata
FROM event WHERE batch_id = $1 ORDER BY event_index, received_at LIMIT $2;

-- events_without_batch --
SELECT DISTINCT batch_id FROM event WHERE received_at >= $1
AND NOT EXISTS (SELECT FROM batch WHERE batch.batch_id = event.batch_id);

-- show_batch --
SELECT batch_id, batch.key_id, name, payload_sha256, content_encoding, event_count,
       batch.approved_at, received_at, producer_name, producer_version, body_removed_at,
       octet_length(coded_body) AS coded_bytes, coded_body, signed_request
FROM batch LEFT JOIN client_key USING (key_id) WHERE batch_id = $1;

-- count_batch_events --
SELECT family, count(*) FROM event WHERE batch_id = $1 GROUP BY family ORDER BY family;

-- citus_version --
-- No row without the extension in this database.
SELECT extversion FROM pg_extension WHERE extname = 'citus';

-- citus_is_installed --
-- On the server, whether this database has the extension or not.
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus');

-- citus_places --
-- $1 which tables; a reference table has no column.
SELECT logicalrelid::text AS table_name,
       CASE WHEN partkey IS NOT NULL THEN column_to_column_name(logicalrelid, partkey) END
           AS column_name
FROM pg_dist_partition WHERE logicalrelid::text = ANY ($1);

-- one_by_one --
-- In one transaction, statements that change every shard may not take several connections to a node.
SET LOCAL citus.multi_shard_modify_mode TO 'sequential';

-- make_reference_table --
SELECT create_reference_table($1::text::regclass);

-- distribute_table --
-- $1 by its column $2, beside the shards of $3, or of none.
SELECT create_distributed_table($1::text::regclass, $2, colocate_with => $3);

-- drop_local_rows --
-- What the table held before it was spread stays on the coordinator's disk, unseen, until then.
SELECT truncate_local_data_after_distributing_table($1::text::regclass);

-- limit_statements --
-- Until the end of the transaction; $1 milliseconds.
SELECT set_config('statement_timeout', $1, true);
