"""The operator's side: check, enqueue, review, sign, upload, keep the record."""
