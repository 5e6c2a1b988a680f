-- Keys that wait for an administrator's approval. Keys that are enrolled already did not wait. There
-- is no default: a sink of an older version that enrols a key meanwhile makes one that waits.

ALTER TABLE client_key ADD COLUMN approved_at timestamptz;
UPDATE client_key SET approved_at = enrolled_at;
COMMENT ON COLUMN client_key.approved_at IS 'NULL while the key waits for an administrator; until then nothing is taken from it';

ALTER TABLE enrolment_code ADD COLUMN needs_approval boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN enrolment_code.needs_approval IS 'whether the key that it enrols waits for an administrator';
