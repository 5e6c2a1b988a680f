-- Who may look at the console, and who is looking. Secrets are random and kept as their SHA-256 only.

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
