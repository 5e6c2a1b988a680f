-- What the console reads for an administrator, of any table; each in a read-only transaction.

-- days --
-- $1 the first day and $2 when it begins; $3 one key, or NULL for all of them.
SELECT (received_at AT TIME ZONE 'UTC')::date AS day, 'accepted' AS outcome,
       count(*) AS batches, sum(event_count)::bigint AS events
FROM batch WHERE received_at >= $2 AND ($3::text IS NULL OR key_id = $3)
GROUP BY (received_at AT TIME ZONE 'UTC')::date
UNION ALL
SELECT day, 'duplicate', sum(batches)::bigint, sum(events)::bigint
FROM duplicate_tally WHERE day >= $1 AND ($3::text IS NULL OR key_id = $3) GROUP BY day
UNION ALL
SELECT (rejected_at AT TIME ZONE 'UTC')::date, 'rejected', count(*),
       coalesce(sum(event_count), 0)::bigint
FROM rejection WHERE rejected_at >= $2 AND ($3::text IS NULL OR key_id = $3)
GROUP BY (rejected_at AT TIME ZONE 'UTC')::date;

-- families --
-- $1 since when; $2 one family, or NULL; $3 one key, or NULL.
SELECT day, family, sum(events)::bigint AS events
FROM all_families
WHERE received_at >= $1 AND ($2::text IS NULL OR family = $2) AND ($3::text IS NULL OR key_id = $3)
GROUP BY day, family;

-- key_activity --
-- $1 since when versions and the last batch count, $2 since when batches and events do; $3 one key,
-- or NULL; $4 how many versions, the last ones by their text.
SELECT key_id, max(received_at) AS last_seen,
       count(*) FILTER (WHERE received_at >= $2) AS batches,
       coalesce(sum(event_count) FILTER (WHERE received_at >= $2), 0)::bigint AS events,
       (array_agg(DISTINCT producer_version ORDER BY producer_version DESC))[:$4] AS versions
FROM batch WHERE received_at >= $1 AND ($3::text IS NULL OR key_id = $3) GROUP BY key_id;

-- key_rejections --
-- $1 since when the last batch counts, $2 since when batches do.
SELECT key_id, max(rejected_at) AS last_seen, count(*) FILTER (WHERE rejected_at >= $2) AS batches
FROM rejection WHERE rejected_at >= $1 GROUP BY key_id;

-- rejections_by_problem --
-- $1 since when; $2 a problem, $3 a rule, $4 a key; NULL is all of them.
SELECT problem, count(*) AS batches, sum(event_count)::bigint AS events,
       count(DISTINCT key_id) AS keys
FROM rejection
WHERE rejected_at >= $1 AND ($2::text IS NULL OR problem = $2) AND ($4::text IS NULL OR key_id = $4)
    AND ($3::text IS NULL
         OR violations @> jsonb_build_array(jsonb_build_object('rule', $3::text)))
GROUP BY problem ORDER BY batches DESC, problem;

-- rejections_by_place --
-- $1 to $4 as above; $5 how many rows.
SELECT problem, rule, pointer, count(*) AS violations, count(DISTINCT rejection_id) AS batches,
       count(DISTINCT key_id) AS keys,
       min(rejected_at) AS first_at, max(rejected_at) AS last_at
FROM rejection CROSS JOIN jsonb_to_recordset(violations) AS violation (rule text, pointer text)
WHERE rejected_at >= $1 AND ($2::text IS NULL OR problem = $2) AND ($4::text IS NULL OR key_id = $4)
    AND ($3::text IS NULL OR rule = $3)
GROUP BY problem, rule, pointer ORDER BY violations DESC, problem, rule, pointer LIMIT $5;

-- newest_rejections --
-- $1 to $5 as above.
SELECT rejected_at, key_id, problem, violations, content_sha256, event_count
FROM rejection
WHERE rejected_at >= $1 AND ($2::text IS NULL OR problem = $2) AND ($4::text IS NULL OR key_id = $4)
    AND ($3::text IS NULL
         OR violations @> jsonb_build_array(jsonb_build_object('rule', $3::text)))
ORDER BY rejected_at DESC, rejection_id DESC LIMIT $5;

-- refused_words --
-- What the filters of that page offer.
SELECT DISTINCT problem, rule
FROM rejection LEFT JOIN LATERAL jsonb_to_recordset(violations) AS violation (rule text) ON true
WHERE rejected_at >= $1 ORDER BY problem, rule;

-- partitions --
-- An estimate of -1 is of a table that was never analysed.
SELECT c.relname::text AS name, pg_total_relation_size(c.oid) AS bytes,
       nullif(c.reltuples, -1)::bigint AS rows_estimate,
       pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT' AS is_default,
       CASE WHEN c.relname ~ '^event_[0-9]{4}_(0[1-9]|1[0-2])$'
            THEN to_date(c.relname::text, '"event_"YYYY_MM') END AS month
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
WHERE inhparent = 'event'::regclass ORDER BY c.relname;

-- tables --
SELECT c.relname::text AS name, pg_total_relation_size(c.oid) AS bytes,
       nullif(c.reltuples, -1)::bigint AS rows_estimate
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
ORDER BY bytes DESC, name;

-- database_size --
SELECT pg_database_size(current_database());

-- default_holds_events --
SELECT EXISTS (SELECT 1 FROM event_default);

-- migrations --
SELECT version, name, applied_at FROM schema_migration ORDER BY version;
