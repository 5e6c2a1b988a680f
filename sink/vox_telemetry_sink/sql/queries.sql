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

-- find_key --
SELECT public_key, name, max_sensitivity, revoked_at, families, not_before, not_after
FROM client_key WHERE key_id = $1;

-- list_keys --
-- $1 one key, or NULL for all of them.
SELECT key_id, public_key, name, max_sensitivity, families, enrolled_at, not_before, not_after,
       revoked_at, replaces,
       (SELECT later.key_id FROM client_key later
        WHERE later.replaces = client_key.key_id AND later.revoked_at IS NULL LIMIT 1) AS replaced_by
FROM client_key WHERE $1::text IS NULL OR key_id = $1 ORDER BY enrolled_at, key_id;

-- add_key --
-- No row comes back when the key is enrolled already.
INSERT INTO client_key (key_id, public_key, name, enrolled_at, max_sensitivity, families,
                        not_before, not_after, replaces)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (key_id) DO NOTHING RETURNING key_id;

-- revoke_key --
-- A second revocation keeps the time of the first; no row comes back for an unknown key.
UPDATE client_key SET revoked_at = coalesce(revoked_at, $2) WHERE key_id = $1 RETURNING revoked_at;

-- lock_key --
-- Two rotations of one key take turns.
SELECT FROM client_key WHERE key_id = $1 FOR UPDATE;

-- end_key --
-- Never later than it would have ended; LEAST ignores NULL.
UPDATE client_key SET not_after = least(not_after, $2) WHERE key_id = $1 RETURNING not_after;

-- keep_code --
INSERT INTO enrolment_code (code_sha256, name, max_sensitivity, families, valid_days, made_at,
                            expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- claim_code --
-- A second claim at the same moment waits for the first and then finds the code used.
UPDATE enrolment_code SET used_by = $2, used_at = $3
WHERE code_sha256 = $1 AND used_at IS NULL AND expires_at > $3
RETURNING name, max_sensitivity, families, valid_days;

-- code_was_used_by --
-- A revoked key does not get its receipt again.
SELECT EXISTS (
    SELECT FROM enrolment_code JOIN client_key ON key_id = used_by
    WHERE code_sha256 = $1 AND used_by = $2 AND revoked_at IS NULL
);

-- log_admin --
INSERT INTO admin_log (action, subject, detail) VALUES ($1, $2, $3);

-- claim_batches --
-- One statement for a whole group. An id that another transaction is claiming at this moment is
-- waited for; only the ids that are ours come back. Callers sort by id so that two sinks with the
-- same ids wait for each other in one order.
INSERT INTO batch (batch_id, key_id, payload_sha256, content_encoding, coded_body, signed_request,
                   event_count, approved_at, received_at, producer_name, producer_version)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::jsonb[],
                     $7::integer[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[])
ON CONFLICT (batch_id) DO NOTHING RETURNING batch_id;

-- find_batches --
-- What receipts are made of.
SELECT batch_id, payload_sha256, event_count, received_at FROM batch WHERE batch_id = ANY ($1);

-- keep_rejection --
INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256, coded_bytes)
VALUES ($1, $2, $3, $4, $5, $6);

