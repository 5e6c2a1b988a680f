"""The keeper's side: verify, enforce, write to Postgres, answer with a receipt."""
