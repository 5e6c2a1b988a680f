-- What retention takes: the body of an aged batch goes, its id stays known for as long as a
-- repetition could still be stored, and whole months of events are dropped.

ALTER TABLE batch
    ALTER COLUMN coded_body DROP NOT NULL,
    ALTER COLUMN signed_request DROP NOT NULL,
    ADD COLUMN body_removed_at timestamptz,
    ADD CONSTRAINT batch_body CHECK (
        (coded_body IS NULL) = (body_removed_at IS NOT NULL)
        AND (signed_request IS NULL) = (body_removed_at IS NOT NULL)
    );
COMMENT ON COLUMN batch.coded_body IS 'the bytes that Content-Digest names, as they arrived; NULL once retention took them';
COMMENT ON COLUMN batch.signed_request IS 'method, authority, path and the signed header fields with both signature headers (RFC 9421); NULL with the body';
COMMENT ON COLUMN batch.body_removed_at IS 'NULL, or when retention took the body; the id stays so that a repetition is a duplicate';

CREATE FUNCTION drop_event_partition(month date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE %I', 'event_' || to_char(month, 'YYYY_MM'));
END
$$;
COMMENT ON FUNCTION drop_event_partition IS 'drops one month of events, for retention';
