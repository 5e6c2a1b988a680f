-- What a key may send and when, rotation, and enrolment by one-time code. Keys that are enrolled
-- already keep what they had: all families of their sensitivity, without a bound in time.

ALTER TABLE client_key
    ADD COLUMN families text[] CHECK (cardinality(families) > 0),
    ADD COLUMN not_before timestamptz,
    ADD COLUMN not_after timestamptz,
    ADD COLUMN replaces text,
    ADD CONSTRAINT client_key_validity CHECK (not_after > not_before);
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
