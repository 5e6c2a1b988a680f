-- What the migrations add up to; tests/sink/test_database.py compares the two in pg_catalog.

CREATE TABLE schema_migration (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE client_key (
    key_id          text PRIMARY KEY,
    public_key      bytea NOT NULL CHECK (octet_length(public_key) = 32),
    name            text NOT NULL CHECK (name <> ''),
    max_sensitivity text NOT NULL DEFAULT 'S1' CHECK (max_sensitivity IN ('S0', 'S1', 'S2')),
    enrolled_at     timestamptz NOT NULL,
    revoked_at      timestamptz,
    families        text[] CHECK (cardinality(families) > 0),
    not_before      timestamptz,
    not_after       timestamptz,
    replaces        text,
    approved_at     timestamptz,
    CONSTRAINT client_key_validity CHECK (not_after > not_before)
);
COMMENT ON TABLE client_key IS 'who may upload; the key id is a pseudonym, the only identity kept';
COMMENT ON COLUMN client_key.key_id IS 'RFC 7638 thumbprint of the public JWK';
COMMENT ON COLUMN client_key.public_key IS 'the 32 bytes of RFC 8032';
COMMENT ON COLUMN client_key.name IS 'what the operator calls it; two keys may share it while one replaces the other';
COMMENT ON COLUMN client_key.max_sensitivity IS 'the most sensitive class this key may send; S3 never travels';
COMMENT ON COLUMN client_key.revoked_at IS 'NULL while the key is not revoked';
COMMENT ON COLUMN client_key.families IS 'the families it may send; NULL is all S0 and S1 families that max_sensitivity allows, S2 are to be named';
COMMENT ON COLUMN client_key.not_before IS 'NULL, or since when it is good';
COMMENT ON COLUMN client_key.not_after IS 'NULL, or from when it is good no more';
COMMENT ON COLUMN client_key.replaces IS 'the key that this one was rotated from';
COMMENT ON COLUMN client_key.approved_at IS 'NULL while the key waits for an administrator; until then nothing is taken from it';

CREATE TABLE enrolment_code (
    code_sha256     bytea PRIMARY KEY CHECK (octet_length(code_sha256) = 32),
    name            text NOT NULL CHECK (name <> ''),
    max_sensitivity text NOT NULL CHECK (max_sensitivity IN ('S0', 'S1', 'S2')),
    families        text[] CHECK (cardinality(families) > 0),
    valid_days      integer CHECK (valid_days > 0),
    made_at         timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz,
    used_by         text,
    needs_approval  boolean NOT NULL DEFAULT false,
    CONSTRAINT enrolment_code_use CHECK ((used_at IS NULL) = (used_by IS NULL))
);
COMMENT ON TABLE enrolment_code IS 'one-time codes by which a client enrols its own key, and what that key gets';
COMMENT ON COLUMN enrolment_code.code_sha256 IS 'of the 20 characters; the code itself is nowhere';
COMMENT ON COLUMN enrolment_code.valid_days IS 'how long the key will be good; NULL is without end';
COMMENT ON COLUMN enrolment_code.expires_at IS 'from when the code is good no more';
COMMENT ON COLUMN enrolment_code.used_by IS 'the key id that it enrolled';
COMMENT ON COLUMN enrolment_code.needs_approval IS 'whether the key that it enrols waits for an administrator';

CREATE TABLE batch (
    batch_id         uuid PRIMARY KEY,
    key_id           text NOT NULL,
    payload_sha256   bytea NOT NULL CHECK (octet_length(payload_sha256) = 32),
    content_encoding text,
    coded_body       bytea,
    signed_request   jsonb,
    event_count      integer NOT NULL CHECK (event_count > 0),
    approved_at      timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    producer_name    text NOT NULL,
    producer_version text NOT NULL,
    body_removed_at  timestamptz,
    family_counts    jsonb,
    CONSTRAINT batch_body CHECK (
        (coded_body IS NULL) = (body_removed_at IS NOT NULL)
        AND (signed_request IS NULL) = (body_removed_at IS NOT NULL)
    )
);
COMMENT ON TABLE batch IS 'each stored batch with what is needed to verify it again';
COMMENT ON COLUMN batch.batch_id IS 'UUIDv7 of the client; the primary key is what makes a repetition a duplicate';
COMMENT ON COLUMN batch.payload_sha256 IS 'of the decoded payload; the same id with other bytes is refused';
COMMENT ON COLUMN batch.content_encoding IS 'NULL, gzip or zstd: how coded_body is to be unpacked';
COMMENT ON COLUMN batch.coded_body IS 'the bytes that Content-Digest names, as they arrived; NULL once retention took them';
COMMENT ON COLUMN batch.signed_request IS 'method, authority, path and the signed header fields with both signature headers (RFC 9421); NULL with the body';
COMMENT ON COLUMN batch.body_removed_at IS 'NULL, or when retention took the body; the id stays so that a repetition is a duplicate';
COMMENT ON COLUMN batch.family_counts IS 'how many events of each family; NULL with the body, and where a version before 0005 stored it';
COMMENT ON COLUMN batch.received_at IS 'set once by the sink, milliseconds; the same in every receipt of this batch';
-- The body is compressed by the client or not at all; a second try by Postgres costs time.
ALTER TABLE batch ALTER COLUMN coded_body SET STORAGE EXTERNAL;
CREATE INDEX batch_received_at ON batch USING brin (received_at);
-- The views group by the day: a condition on it finds no index on the moment.
CREATE INDEX batch_day ON batch USING brin (((received_at AT TIME ZONE 'UTC')::date));

CREATE TABLE event (
    batch_id          uuid NOT NULL,
    event_index       integer NOT NULL,
    received_at       timestamptz NOT NULL,
    recorded_at       timestamptz NOT NULL,
    family            text NOT NULL,
    metric_type       text NOT NULL,
    sensitivity_class text NOT NULL,
    session_id        text NOT NULL,
    metric_value      double precision,
    metadata          jsonb NOT NULL,
    -- batch_id first: the audit of a batch reads its events in order.
    PRIMARY KEY (batch_id, event_index, received_at)
) PARTITION BY RANGE (received_at);
COMMENT ON TABLE event IS 'validated, re-encoded fields; partitioned by month so that retention drops whole tables';
COMMENT ON COLUMN event.event_index IS 'the place in the batch, from 0';
COMMENT ON COLUMN event.received_at IS 'that of the batch';
COMMENT ON COLUMN event.recorded_at IS 'the client''s clock';
COMMENT ON COLUMN event.metric_value IS 'NULL means no scalar, which is not 0';

CREATE TABLE event_default PARTITION OF event DEFAULT;
COMMENT ON TABLE event_default IS 'catches what no month was made for; ensure_event_partitions moves it on';

CREATE TABLE rejection (
    rejection_id   bigint GENERATED ALWAYS AS IDENTITY,
    rejected_at    timestamptz NOT NULL,
    key_id         text NOT NULL,
    problem        text NOT NULL,
    violations     jsonb NOT NULL,
    content_sha256 bytea NOT NULL CHECK (octet_length(content_sha256) = 32),
    coded_bytes    integer NOT NULL,
    event_count    integer CHECK (event_count >= 0)
);
COMMENT ON TABLE rejection IS 'batches of enrolled keys that were refused after their signature verified; never a value';
COMMENT ON COLUMN rejection.problem IS 'the slug of the problem type';
COMMENT ON COLUMN rejection.violations IS 'event index, pointer and rule id of the first ones';
COMMENT ON COLUMN rejection.content_sha256 IS 'of the coded body, so that the sender can find the batch';
COMMENT ON COLUMN rejection.event_count IS 'NULL where the batch was not read so far as to know';
CREATE INDEX rejection_rejected_at ON rejection USING brin (rejected_at);
CREATE INDEX rejection_day ON rejection USING brin (((rejected_at AT TIME ZONE 'UTC')::date));

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

CREATE TABLE admin_log (
    entry_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    logged_at timestamptz NOT NULL DEFAULT now(),
    role      text NOT NULL DEFAULT current_user,
    action    text NOT NULL,
    subject   text NOT NULL,
    detail    jsonb NOT NULL
);
COMMENT ON TABLE admin_log IS 'what operators changed';
COMMENT ON COLUMN admin_log.role IS 'the database role that did it';
COMMENT ON COLUMN admin_log.action IS 'for example keys.add';
COMMENT ON COLUMN admin_log.subject IS 'for example a key id';

CREATE TABLE console_token (
    token_id      text PRIMARY KEY CHECK (token_id ~ '^[0-9a-f]{16}$'),
    secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
    name          text NOT NULL CHECK (name <> ''),
    role          text NOT NULL CHECK (role IN ('admin', 'viewer')),
    made_at       timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz
);
COMMENT ON TABLE console_token IS 'what opens the console; the token itself is nowhere';
COMMENT ON COLUMN console_token.token_id IS 'the part of a token that is no secret: it names the token in records';
COMMENT ON COLUMN console_token.secret_sha256 IS 'of the 256 random bits of a token';
COMMENT ON COLUMN console_token.name IS 'whose it is, for records';
COMMENT ON COLUMN console_token.role IS 'admin sees rows and changes keys, viewer sees k-anonymous aggregates';
COMMENT ON COLUMN console_token.revoked_at IS 'NULL while the token is not revoked';

CREATE TABLE console_session (
    session_sha256 bytea PRIMARY KEY CHECK (octet_length(session_sha256) = 32),
    token_id       text NOT NULL,
    began_at       timestamptz NOT NULL,
    used_at        timestamptz NOT NULL,
    notice         text
);
COMMENT ON TABLE console_session IS 'who is signed in; here and not in a sink, since several sinks share only the database';
COMMENT ON COLUMN console_session.session_sha256 IS 'of the random id in the browser''s cookie';
COMMENT ON COLUMN console_session.token_id IS 'the token that opened it; once that is not good, neither is this';
COMMENT ON COLUMN console_session.used_at IS 'the last use, to the minute';
COMMENT ON COLUMN console_session.notice IS 'NULL, or what the next page says about an action';

-- A month for which rows already lie in event_default cannot be created as a partition before they
-- have moved, so the table is made apart, filled, and attached in the caller's transaction.
CREATE FUNCTION ensure_event_partitions(first_day date, months integer) RETURNS integer
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
COMMENT ON FUNCTION ensure_event_partitions IS 'makes the monthly partitions that are missing and says how many';

CREATE FUNCTION drop_event_partition(month date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE %I', 'event_' || to_char(month, 'YYYY_MM'));
END
$$;
COMMENT ON FUNCTION drop_event_partition IS 'drops one month of events, for retention';

CREATE TABLE anonymity (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    k_keys   integer NOT NULL CHECK (k_keys >= 20)
);
COMMENT ON TABLE anonymity IS 'one row: what the views of vox_telemetry_reader hide';
COMMENT ON COLUMN anonymity.k_keys IS 'a group of fewer distinct keys is not shown; never under 20';
INSERT INTO anonymity (k_keys) VALUES (20);

-- A client that rotated its key is counted once.
CREATE VIEW key_origin AS
WITH RECURSIVE chain AS (
    SELECT key_id, key_id AS origin_key_id FROM client_key WHERE replaces IS NULL
    UNION
    SELECT later.key_id, chain.origin_key_id
    FROM client_key later JOIN chain ON later.replaces = chain.key_id
)
SELECT key_id, origin_key_id FROM chain;
COMMENT ON VIEW key_origin IS 'the first key of each rotation: what k-anonymity counts';

CREATE VIEW all_events AS
SELECT (event.received_at AT TIME ZONE 'UTC')::date AS day,
       event.received_at,
       event.recorded_at,
       batch.key_id,
       coalesce(key_origin.origin_key_id, batch.key_id) AS origin_key_id,
       event.batch_id,
       event.event_index,
       event.family,
       event.metric_type,
       event.sensitivity_class,
       event.session_id,
       event.metric_value,
       event.metadata
FROM event JOIN batch USING (batch_id) LEFT JOIN key_origin ON key_origin.key_id = batch.key_id;
COMMENT ON VIEW all_events IS 'rows: every event with the key that sent it; day is that of received_at, UTC';

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

CREATE VIEW events_by_key AS
SELECT key_id, day, family, count(*) AS events, count(DISTINCT batch_id) AS batches
FROM all_events GROUP BY key_id, day, family;
COMMENT ON VIEW events_by_key IS 'rows: what each key sent by day and family; every group is one key';

-- security_barrier: no condition of a reader is evaluated on a group before it is hidden.
CREATE VIEW daily_events WITH (security_barrier) AS
SELECT day, count(*) AS events, count(DISTINCT origin_key_id) AS keys
FROM all_events GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_events IS 'k-anonymous: all events by day';

CREATE VIEW daily_events_by_family WITH (security_barrier) AS
SELECT day, family, metric_type, sensitivity_class, count(*) AS events,
       count(DISTINCT origin_key_id) AS keys
FROM all_events GROUP BY day, family, metric_type, sensitivity_class
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_events_by_family IS 'k-anonymous: events by day and family';

CREATE VIEW all_rejections AS
SELECT (rejection.rejected_at AT TIME ZONE 'UTC')::date AS day,
       rejection.rejection_id,
       rejection.key_id,
       coalesce(key_origin.origin_key_id, rejection.key_id) AS origin_key_id,
       rejection.problem,
       rejection.violations,
       rejection.event_count
FROM rejection LEFT JOIN key_origin ON key_origin.key_id = rejection.key_id;
COMMENT ON VIEW all_rejections IS 'rows: refused batches, by places and rules';

-- event_count may be NULL, and a group of k keys may have it of one of them.
CREATE VIEW daily_rejections WITH (security_barrier) AS
SELECT day, problem, batches, keys,
       CASE WHEN keys_of_events >= (SELECT k_keys FROM anonymity) THEN events END AS events
FROM (
    SELECT day, problem, count(*) AS batches, count(DISTINCT origin_key_id) AS keys,
           sum(event_count)::bigint AS events,
           count(DISTINCT origin_key_id) FILTER (WHERE event_count IS NOT NULL) AS keys_of_events
    FROM all_rejections GROUP BY day, problem
    HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_rejections IS 'k-anonymous: refused batches by day and problem';

CREATE VIEW daily_rejections_by_rule WITH (security_barrier) AS
SELECT day, problem, violation ->> 'rule' AS rule, count(*) AS violations,
       count(DISTINCT rejection_id) AS batches, count(DISTINCT origin_key_id) AS keys
FROM all_rejections CROSS JOIN jsonb_array_elements(violations) AS violation
GROUP BY day, problem, violation ->> 'rule'
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_rejections_by_rule IS 'k-anonymous: violations by day, problem and rule';

CREATE VIEW daily_refused WITH (security_barrier) AS
SELECT day, batches,
       CASE WHEN keys_of_events >= (SELECT k_keys FROM anonymity) THEN events END AS events, keys
FROM (
    SELECT day, count(*) AS batches, count(DISTINCT origin_key_id) AS keys,
           sum(event_count)::bigint AS events,
           count(DISTINCT origin_key_id) FILTER (WHERE event_count IS NOT NULL) AS keys_of_events
    FROM all_rejections GROUP BY day
    HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
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
SELECT by_key.day,
       by_key.family,
       sum(by_key.events)::bigint AS events,
       sum(by_key.batches)::bigint AS batches,
       count(DISTINCT coalesce(key_origin.origin_key_id, by_key.key_id)) AS keys
FROM (
    -- Counted before the join: Citus joins no union that calls a function for each row.
    SELECT day, family, key_id, sum(events) AS events, count(*) AS batches
    FROM all_families GROUP BY day, family, key_id
) AS by_key LEFT JOIN key_origin ON key_origin.key_id = by_key.key_id
GROUP BY by_key.day, by_key.family
HAVING count(DISTINCT coalesce(key_origin.origin_key_id, by_key.key_id))
    >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_families IS 'k-anonymous: events by day and family, of all its metric types together';

CREATE VIEW daily_duplicates WITH (security_barrier) AS
SELECT day, sum(batches)::bigint AS batches, sum(events)::bigint AS events,
       count(DISTINCT origin_key_id) AS keys
FROM all_duplicates GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_duplicates IS 'k-anonymous: repeated batches by day';

-- generated from the contracts: make views

CREATE VIEW event_benchmark AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'name' AS name,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'metric_value_unit' AS metric_value_unit,
       nullif(metadata -> 'details', 'null') AS details
FROM all_events WHERE family = 'benchmark';
COMMENT ON VIEW event_benchmark IS 'rows: events of family benchmark with the members of its contract as columns';

CREATE VIEW daily_benchmark WITH (security_barrier) AS
SELECT day, metric_value_unit, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'metric_value_unit' AS metric_value_unit,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'benchmark'
GROUP BY day, metric_value_unit
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_benchmark IS 'k-anonymous: events of family benchmark by day and metric_value_unit';

CREATE VIEW event_syntax_k AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'name' AS name,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'fixture_id' AS fixture_id,
       nullif(metadata -> 'details', 'null') AS details
FROM all_events WHERE family = 'syntax_k';
COMMENT ON VIEW event_syntax_k IS 'rows: events of family syntax_k with the members of its contract as columns';

CREATE VIEW daily_syntax_k WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'syntax_k'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_syntax_k IS 'k-anonymous: events of family syntax_k by day';

CREATE VIEW event_mcp_surface AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'surface' AS surface,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'risk_decision' AS risk_decision,
       (metadata ->> 'confidence_estimate')::double precision AS confidence_estimate,
       (metadata ->> 'contradiction_ratio')::double precision AS contradiction_ratio,
       (metadata ->> 'hallucination_risk_proxy')::double precision AS hallucination_risk_proxy,
       metadata ->> 'model_used' AS model_used,
       metadata ->> 'provider' AS provider,
       metadata ->> 'model_family' AS model_family,
       metadata ->> 'model_revision' AS model_revision,
       nullif(metadata -> 'domain_tags', 'null') AS domain_tags,
       metadata ->> 'task_class' AS task_class,
       metadata ->> 'policy_profile_id' AS policy_profile_id,
       metadata ->> 'refusal_kind' AS refusal_kind,
       (metadata ->> 'evidence_quality')::double precision AS evidence_quality,
       (metadata ->> 'citation_coverage')::double precision AS citation_coverage
FROM all_events WHERE family = 'mcp_surface';
COMMENT ON VIEW event_mcp_surface IS 'rows: events of family mcp_surface with the members of its contract as columns';

CREATE VIEW daily_mcp_surface WITH (security_barrier) AS
SELECT day, risk_decision, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'risk_decision' AS risk_decision,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'mcp_surface'
GROUP BY day, risk_decision
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_mcp_surface IS 'k-anonymous: events of family mcp_surface by day and risk_decision';

CREATE VIEW event_mcp_surface_s2 AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'surface' AS surface,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'risk_decision' AS risk_decision,
       (metadata ->> 'confidence_estimate')::double precision AS confidence_estimate,
       (metadata ->> 'contradiction_ratio')::double precision AS contradiction_ratio,
       (metadata ->> 'hallucination_risk_proxy')::double precision AS hallucination_risk_proxy,
       metadata ->> 'model_used' AS model_used,
       metadata ->> 'provider' AS provider,
       metadata ->> 'model_family' AS model_family,
       metadata ->> 'model_revision' AS model_revision,
       nullif(metadata -> 'domain_tags', 'null') AS domain_tags,
       metadata ->> 'task_class' AS task_class,
       metadata ->> 'policy_profile_id' AS policy_profile_id,
       metadata ->> 'refusal_kind' AS refusal_kind,
       (metadata ->> 'evidence_quality')::double precision AS evidence_quality,
       (metadata ->> 'citation_coverage')::double precision AS citation_coverage,
       nullif(metadata -> 'retrieval', 'null') AS retrieval
FROM all_events WHERE family = 'mcp_surface_s2';
COMMENT ON VIEW event_mcp_surface_s2 IS 'rows: events of family mcp_surface_s2 with the members of its contract as columns';

CREATE VIEW daily_mcp_surface_s2 WITH (security_barrier) AS
SELECT day, risk_decision, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'risk_decision' AS risk_decision,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'mcp_surface_s2'
GROUP BY day, risk_decision
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_mcp_surface_s2 IS 'k-anonymous: events of family mcp_surface_s2 by day and risk_decision';

CREATE VIEW event_workflow_journal AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'name' AS name,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'outcome' AS outcome,
       (metadata ->> 'duration_ms')::numeric::bigint AS duration_ms,
       nullif(metadata -> 'details', 'null') AS details
FROM all_events WHERE family = 'workflow_journal';
COMMENT ON VIEW event_workflow_journal IS 'rows: events of family workflow_journal with the members of its contract as columns';

CREATE VIEW daily_workflow_journal WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'workflow_journal'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_workflow_journal IS 'k-anonymous: events of family workflow_journal by day';

CREATE VIEW event_workflow_journal_s2 AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'name' AS name,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'outcome' AS outcome,
       (metadata ->> 'duration_ms')::numeric::bigint AS duration_ms,
       nullif(metadata -> 'details', 'null') AS details,
       metadata ->> 'workflow_id' AS workflow_id,
       metadata ->> 'run_id' AS run_id,
       metadata ->> 'step' AS step,
       nullif(metadata -> 'definition_segments', 'null') AS definition_segments
FROM all_events WHERE family = 'workflow_journal_s2';
COMMENT ON VIEW event_workflow_journal_s2 IS 'rows: events of family workflow_journal_s2 with the members of its contract as columns';

CREATE VIEW daily_workflow_journal_s2 WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'workflow_journal_s2'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_workflow_journal_s2 IS 'k-anonymous: events of family workflow_journal_s2 by day';

CREATE VIEW event_mesh_control AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'name' AS name,
       metadata ->> 'repository_id' AS repository_id,
       nullif(metadata -> 'details', 'null') AS details
FROM all_events WHERE family = 'mesh_control';
COMMENT ON VIEW event_mesh_control IS 'rows: events of family mesh_control with the members of its contract as columns';

CREATE VIEW daily_mesh_control WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'mesh_control'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_mesh_control IS 'k-anonymous: events of family mesh_control by day';

CREATE VIEW event_questioning AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'name' AS name,
       metadata ->> 'repository_id' AS repository_id,
       nullif(metadata -> 'details', 'null') AS details
FROM all_events WHERE family = 'questioning';
COMMENT ON VIEW event_questioning IS 'rows: events of family questioning with the members of its contract as columns';

CREATE VIEW daily_questioning WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'questioning'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_questioning IS 'k-anonymous: events of family questioning by day';

CREATE VIEW event_questioning_s2 AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'name' AS name,
       metadata ->> 'repository_id' AS repository_id,
       nullif(metadata -> 'details', 'null') AS details,
       metadata ->> 'question_id' AS question_id,
       metadata ->> 'linked_session_id' AS linked_session_id,
       (metadata ->> 'task_id')::numeric::bigint AS task_id
FROM all_events WHERE family = 'questioning_s2';
COMMENT ON VIEW event_questioning_s2 IS 'rows: events of family questioning_s2 with the members of its contract as columns';

CREATE VIEW daily_questioning_s2 WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'questioning_s2'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_questioning_s2 IS 'k-anonymous: events of family questioning_s2 by day';

CREATE VIEW event_memory_hybrid_fusion_s2 AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'strategy' AS strategy,
       nullif(metadata -> 'details', 'null') AS details
FROM all_events WHERE family = 'memory_hybrid_fusion_s2';
COMMENT ON VIEW event_memory_hybrid_fusion_s2 IS 'rows: events of family memory_hybrid_fusion_s2 with the members of its contract as columns';

CREATE VIEW daily_memory_hybrid_fusion_s2 WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'memory_hybrid_fusion_s2'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_memory_hybrid_fusion_s2 IS 'k-anonymous: events of family memory_hybrid_fusion_s2 by day';

CREATE VIEW event_agent_exec AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'agent_id' AS agent_id,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'task_class' AS task_class,
       (metadata ->> 'task_id')::numeric::bigint AS task_id,
       metadata ->> 'outcome' AS outcome,
       metadata ->> 'metric_value_unit' AS metric_value_unit,
       nullif(metadata -> 'details', 'null') AS details
FROM all_events WHERE family = 'agent_exec';
COMMENT ON VIEW event_agent_exec IS 'rows: events of family agent_exec with the members of its contract as columns';

CREATE VIEW daily_agent_exec WITH (security_barrier) AS
SELECT day, metric_value_unit, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'metric_value_unit' AS metric_value_unit,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'agent_exec'
GROUP BY day, metric_value_unit
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_agent_exec IS 'k-anonymous: events of family agent_exec by day and metric_value_unit';

CREATE VIEW event_model_call AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'model' AS model,
       metadata ->> 'provider' AS provider,
       metadata ->> 'route_profile' AS route_profile,
       (metadata ->> 'prompt_tokens')::numeric::bigint AS prompt_tokens,
       (metadata ->> 'completion_tokens')::numeric::bigint AS completion_tokens,
       (metadata ->> 'cache_read_input_tokens')::numeric::bigint AS cache_read_input_tokens,
       (metadata ->> 'cache_creation_input_tokens')::numeric::bigint AS cache_creation_input_tokens,
       (metadata ->> 'latency_ms')::numeric::bigint AS latency_ms,
       (metadata ->> 'cost_usd')::double precision AS cost_usd,
       metadata ->> 'cost_source' AS cost_source,
       metadata ->> 'error_class' AS error_class,
       (metadata ->> 'retry_attempt')::numeric::bigint AS retry_attempt,
       (metadata ->> 'task_id')::numeric::bigint AS task_id,
       (metadata ->> 'parent_task_id')::numeric::bigint AS parent_task_id,
       metadata ->> 'trace_id' AS trace_id,
       metadata ->> 'caller_agent_id' AS caller_agent_id
FROM all_events WHERE family = 'model_call';
COMMENT ON VIEW event_model_call IS 'rows: events of family model_call with the members of its contract as columns';

CREATE VIEW daily_model_call WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'model_call'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_model_call IS 'k-anonymous: events of family model_call by day';

CREATE VIEW event_model_route AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'trace_id' AS trace_id,
       metadata ->> 'route_policy_profile' AS route_policy_profile,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'model' AS model,
       metadata ->> 'provider' AS provider,
       metadata ->> 'tier' AS tier,
       metadata ->> 'reason' AS reason,
       metadata ->> 'task_class' AS task_class,
       nullif(metadata -> 'details', 'null') AS details
FROM all_events WHERE family = 'model_route';
COMMENT ON VIEW event_model_route IS 'rows: events of family model_route with the members of its contract as columns';

CREATE VIEW daily_model_route WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'model_route'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_model_route IS 'k-anonymous: events of family model_route by day';

CREATE VIEW event_build_summary AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'build_id' AS build_id,
       metadata ->> 'outcome' AS outcome,
       (metadata ->> 'wall_time_ms')::numeric::bigint AS wall_time_ms,
       (metadata ->> 'crates_compiled')::numeric::bigint AS crates_compiled,
       (metadata ->> 'error_count')::numeric::bigint AS error_count,
       metadata ->> 'invocation_context' AS invocation_context
FROM all_events WHERE family = 'build_summary';
COMMENT ON VIEW event_build_summary IS 'rows: events of family build_summary with the members of its contract as columns';

CREATE VIEW daily_build_summary WITH (security_barrier) AS
SELECT day,
       metadata ->> 'outcome' AS outcome,
       metadata ->> 'invocation_context' AS invocation_context,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys
FROM all_events WHERE family = 'build_summary'
GROUP BY day, outcome, invocation_context
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_build_summary IS 'k-anonymous: events of family build_summary by day and outcome and invocation_context';

CREATE VIEW event_task_summary AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       (metadata ->> 'task_id')::numeric::bigint AS task_id,
       metadata ->> 'trace_id' AS trace_id,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'outcome' AS outcome,
       (metadata ->> 'wall_time_ms')::numeric::bigint AS wall_time_ms,
       (metadata ->> 'total_input_tokens')::numeric::bigint AS total_input_tokens,
       (metadata ->> 'total_output_tokens')::numeric::bigint AS total_output_tokens,
       (metadata ->> 'total_cost_usd')::double precision AS total_cost_usd,
       (metadata ->> 'child_call_count')::numeric::bigint AS child_call_count,
       (metadata ->> 'max_span_depth')::numeric::bigint AS max_span_depth,
       (metadata ->> 'subagent_fanout')::numeric::bigint AS subagent_fanout
FROM all_events WHERE family = 'task_summary';
COMMENT ON VIEW event_task_summary IS 'rows: events of family task_summary with the members of its contract as columns';

CREATE VIEW daily_task_summary WITH (security_barrier) AS
SELECT day, outcome, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'outcome' AS outcome,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'task_summary'
GROUP BY day, outcome
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_task_summary IS 'k-anonymous: events of family task_summary by day and outcome';

CREATE VIEW event_error AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'subsystem' AS subsystem,
       metadata ->> 'error_class' AS error_class,
       (metadata ->> 'http_status')::numeric::bigint AS http_status,
       (metadata ->> 'retry_attempt')::numeric::bigint AS retry_attempt,
       (metadata ->> 'retried')::boolean AS retried,
       metadata ->> 'model' AS model,
       metadata ->> 'provider' AS provider,
       (metadata ->> 'task_id')::numeric::bigint AS task_id,
       metadata ->> 'trace_id' AS trace_id
FROM all_events WHERE family = 'error';
COMMENT ON VIEW event_error IS 'rows: events of family error with the members of its contract as columns';

CREATE VIEW daily_error WITH (security_barrier) AS
SELECT day,
       (metadata ->> 'retried')::boolean AS retried,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys
FROM all_events WHERE family = 'error'
GROUP BY day, retried
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity);
COMMENT ON VIEW daily_error IS 'k-anonymous: events of family error by day and retried';

CREATE VIEW event_completion_ci AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'workflow' AS workflow,
       metadata ->> 'run_kind' AS run_kind,
       (metadata ->> 'findings_count')::numeric::bigint AS findings_count,
       (metadata ->> 'tier_a_count')::numeric::bigint AS tier_a_count,
       (metadata ->> 'tier_b_count')::numeric::bigint AS tier_b_count,
       (metadata ->> 'tier_c_count')::numeric::bigint AS tier_c_count,
       nullif(metadata -> 'detectors', 'null') AS detectors
FROM all_events WHERE family = 'completion_ci';
COMMENT ON VIEW event_completion_ci IS 'rows: events of family completion_ci with the members of its contract as columns';

CREATE VIEW daily_completion_ci WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'completion_ci'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_completion_ci IS 'k-anonymous: events of family completion_ci by day';

CREATE VIEW event_completion_finding_s2 AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'repository_id' AS repository_id,
       metadata ->> 'detector_id' AS detector_id,
       metadata ->> 'tier' AS tier,
       metadata ->> 'severity' AS severity,
       metadata ->> 'confidence' AS confidence,
       nullif(metadata -> 'location_segments', 'null') AS location_segments,
       (metadata ->> 'line')::numeric::bigint AS line,
       metadata ->> 'fingerprint' AS fingerprint
FROM all_events WHERE family = 'completion_finding_s2';
COMMENT ON VIEW event_completion_finding_s2 IS 'rows: events of family completion_finding_s2 with the members of its contract as columns';

CREATE VIEW daily_completion_finding_s2 WITH (security_barrier) AS
SELECT day, tier, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'tier' AS tier,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'completion_finding_s2'
GROUP BY day, tier
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_completion_finding_s2 IS 'k-anonymous: events of family completion_finding_s2 by day and tier';

CREATE VIEW event_mens_training AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       (metadata ->> 'schema_version')::numeric::bigint AS schema_version,
       (metadata ->> 'ts_ms')::numeric::bigint AS ts_ms,
       metadata ->> 'event' AS event,
       nullif(metadata -> 'payload', 'null') AS payload
FROM all_events WHERE family = 'mens_training';
COMMENT ON VIEW event_mens_training IS 'rows: events of family mens_training with the members of its contract as columns';

CREATE VIEW daily_mens_training WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'mens_training'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_mens_training IS 'k-anonymous: events of family mens_training by day';

CREATE VIEW event_attention AS
SELECT received_at,
       recorded_at,
       key_id,
       batch_id,
       event_index,
       session_id,
       metric_value,
       metadata ->> 'surface' AS surface,
       metadata ->> 'channel' AS channel,
       metadata ->> 'decision' AS decision,
       metadata ->> 'policy_outcome' AS policy_outcome,
       metadata ->> 'reason' AS reason,
       (metadata ->> 'scaled_cost_ms')::numeric::bigint AS scaled_cost_ms,
       nullif(metadata -> 'signals', 'null') AS signals,
       (metadata ->> 'timestamp_ms')::numeric::bigint AS timestamp_ms
FROM all_events WHERE family = 'attention';
COMMENT ON VIEW event_attention IS 'rows: events of family attention with the members of its contract as columns';

CREATE VIEW daily_attention WITH (security_barrier) AS
SELECT day, channel, decision, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'channel' AS channel,
       metadata ->> 'decision' AS decision,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'attention'
GROUP BY day, channel, decision
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
COMMENT ON VIEW daily_attention IS 'k-anonymous: events of family attention by day and channel and decision';

-- end of what is generated

-- Roles belong to the whole server: they may be there already, or be the administrator's to make.
CREATE FUNCTION grant_views() RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    role_name text;
    view_name name;
    granted text[] := '{}';
BEGIN
    FOREACH role_name IN ARRAY ARRAY['vox_telemetry_reader', 'vox_telemetry_analyst'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN CONTINUE;
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database's sink was first
        END;
        FOR view_name IN
            SELECT c.relname FROM pg_class c
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'v'
              AND c.relowner = current_user::regrole
              AND (obj_description(c.oid, 'pg_class') LIKE 'k-anonymous: %'
                   OR role_name = 'vox_telemetry_analyst'
                      AND obj_description(c.oid, 'pg_class') LIKE 'rows: %')
        LOOP
            EXECUTE format('GRANT SELECT ON %I TO %I', view_name, role_name);
        END LOOP;
        granted := granted || role_name;
    END LOOP;
    RETURN granted;
END
$$;
COMMENT ON FUNCTION grant_views IS 'makes the two roles where it may, lets them read their views, and names those that it let';
