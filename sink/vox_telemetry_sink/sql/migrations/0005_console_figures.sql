-- What the console counts and nothing counted yet: repetitions, events of refused batches, and the
-- families of a batch without a look at its events.

CREATE TABLE duplicate_tally (
    day     date NOT NULL,
    key_id  text NOT NULL,
    batches bigint NOT NULL CHECK (batches > 0),
    events  bigint NOT NULL CHECK (events > 0),
    PRIMARY KEY (day, key_id)
);
COMMENT ON TABLE duplicate_tally IS 'repetitions of stored batches, which were answered 200 and stored no more';
COMMENT ON COLUMN duplicate_tally.day IS 'when they were repeated, UTC';
COMMENT ON COLUMN duplicate_tally.events IS 'of all the repeated batches together';

ALTER TABLE rejection ADD COLUMN event_count integer CHECK (event_count >= 0);
COMMENT ON COLUMN rejection.event_count IS 'NULL where the batch was not read so far as to know';

ALTER TABLE batch ADD COLUMN family_counts jsonb;
COMMENT ON COLUMN batch.family_counts IS 'how many events of each family; NULL with the body, and where a version before 0005 stored it';

-- What a version before this one stored is counted from its events; without any, `event` is not read.
CREATE VIEW all_families AS
SELECT (received_at AT TIME ZONE 'UTC')::date AS day, received_at, key_id, batch_id, family, events
FROM (
    SELECT batch.received_at, batch.key_id, batch.batch_id, counted.key AS family,
           counted.value::bigint AS events
    FROM batch CROSS JOIN jsonb_each_text(batch.family_counts) AS counted
    UNION ALL
    SELECT batch.received_at, batch.key_id, batch.batch_id, event.family, count(*) AS events
    FROM batch JOIN event ON event.batch_id = batch.batch_id
        AND event.received_at = batch.received_at
    WHERE batch.family_counts IS NULL AND batch.body_removed_at IS NULL
    GROUP BY batch.received_at, batch.key_id, batch.batch_id, event.family
) AS either;
COMMENT ON VIEW all_families IS 'rows: how many events of each family a batch has';

CREATE VIEW all_duplicates AS
SELECT duplicate_tally.day,
       duplicate_tally.key_id,
       coalesce(key_origin.origin_key_id, duplicate_tally.key_id) AS origin_key_id,
       duplicate_tally.batches,
       duplicate_tally.events
FROM duplicate_tally LEFT JOIN key_origin ON key_origin.key_id = duplicate_tally.key_id;
COMMENT ON VIEW all_duplicates IS 'rows: repeated batches by day and key';

CREATE OR REPLACE VIEW all_rejections AS
SELECT (rejection.rejected_at AT TIME ZONE 'UTC')::date AS day,
       rejection.rejection_id,
       rejection.key_id,
       coalesce(key_origin.origin_key_id, rejection.key_id) AS origin_key_id,
       rejection.problem,
       rejection.violations,
       rejection.event_count
FROM rejection LEFT JOIN key_origin ON key_origin.key_id = rejection.key_id;

CREATE OR REPLACE VIEW daily_rejections WITH (security_barrier) AS
SELECT day, problem, count(*) AS batches, count(DISTINCT origin_key_id) AS keys,
       sum(event_count)::bigint AS events
FROM all_rejections GROUP BY day, problem
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity);

CREATE VIEW daily_refused WITH (security_barrier) AS
SELECT day, count(*) AS batches, sum(event_count)::bigint AS events,
       count(DISTINCT origin_key_id) AS keys
FROM all_rejections GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_refused IS 'k-anonymous: refused batches by day';

CREATE VIEW daily_batches WITH (security_barrier) AS
SELECT (batch.received_at AT TIME ZONE 'UTC')::date AS day,
       count(*) AS batches,
       sum(batch.event_count)::bigint AS events,
       count(DISTINCT coalesce(key_origin.origin_key_id, batch.key_id)) AS keys
FROM batch LEFT JOIN key_origin ON key_origin.key_id = batch.key_id
GROUP BY (batch.received_at AT TIME ZONE 'UTC')::date
HAVING count(DISTINCT coalesce(key_origin.origin_key_id, batch.key_id))
    >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_batches IS 'k-anonymous: stored batches and their events by day';

CREATE VIEW daily_families WITH (security_barrier) AS
SELECT all_families.day,
       all_families.family,
       sum(all_families.events)::bigint AS events,
       count(*) AS batches,
       count(DISTINCT coalesce(key_origin.origin_key_id, all_families.key_id)) AS keys
FROM all_families LEFT JOIN key_origin ON key_origin.key_id = all_families.key_id
GROUP BY all_families.day, all_families.family
HAVING count(DISTINCT coalesce(key_origin.origin_key_id, all_families.key_id))
    >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_families IS 'k-anonymous: events by day and family, of all its metric types together';

CREATE VIEW daily_duplicates WITH (security_barrier) AS
SELECT day, sum(batches)::bigint AS batches, sum(events)::bigint AS events,
       count(DISTINCT origin_key_id) AS keys
FROM all_duplicates GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_duplicates IS 'k-anonymous: repeated batches by day';
