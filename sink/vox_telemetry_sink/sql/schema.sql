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
    CONSTRAINT enrolment_code_use CHECK ((used_at IS NULL) = (used_by IS NULL))
);
COMMENT ON TABLE enrolment_code IS 'one-time codes by which a client enrols its own key, and what that key gets';
COMMENT ON COLUMN enrolment_code.code_sha256 IS 'of the 20 characters; the code itself is nowhere';
COMMENT ON COLUMN enrolment_code.valid_days IS 'how long the key will be good; NULL is without end';
COMMENT ON COLUMN enrolment_code.expires_at IS 'from when the code is good no more';
COMMENT ON COLUMN enrolment_code.used_by IS 'the key id that it enrolled';

CREATE TABLE batch (
    batch_id         uuid PRIMARY KEY,
    key_id           text NOT NULL,
    payload_sha256   bytea NOT NULL CHECK (octet_length(payload_sha256) = 32),
    content_encoding text,
    coded_body       bytea NOT NULL,
    signed_request   jsonb NOT NULL,
    event_count      integer NOT NULL CHECK (event_count > 0),
    approved_at      timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    producer_name    text NOT NULL,
    producer_version text NOT NULL
);
COMMENT ON TABLE batch IS 'each stored batch with what is needed to verify it again';
COMMENT ON COLUMN batch.batch_id IS 'UUIDv7 of the client; the primary key is what makes a repetition a duplicate';
COMMENT ON COLUMN batch.payload_sha256 IS 'of the decoded payload; the same id with other bytes is refused';
COMMENT ON COLUMN batch.content_encoding IS 'NULL, gzip or zstd: how coded_body is to be unpacked';
COMMENT ON COLUMN batch.coded_body IS 'the bytes that Content-Digest names, as they arrived';
COMMENT ON COLUMN batch.signed_request IS 'method, authority, path and the signed header fields with both signature headers (RFC 9421)';
COMMENT ON COLUMN batch.received_at IS 'set once by the sink, milliseconds; the same in every receipt of this batch';
-- The body is compressed by the client or not at all; a second try by Postgres costs time.
ALTER TABLE batch ALTER COLUMN coded_body SET STORAGE EXTERNAL;
CREATE INDEX batch_received_at ON batch USING brin (received_at);

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
    coded_bytes    integer NOT NULL
);
COMMENT ON TABLE rejection IS 'batches of enrolled keys that were refused after their signature verified; never a value';
COMMENT ON COLUMN rejection.problem IS 'the slug of the problem type';
COMMENT ON COLUMN rejection.violations IS 'event index, pointer and rule id of the first ones';
COMMENT ON COLUMN rejection.content_sha256 IS 'of the coded body, so that the sender can find the batch';
CREATE INDEX rejection_rejected_at ON rejection USING brin (rejected_at);

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
