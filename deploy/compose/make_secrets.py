"""Makes the secrets of docker-compose.yml, once: `docker compose run --rm secrets`.

It runs as root in a container of the sink's image, without a network: each file has to belong to
the one user that reads it, and only root can give files away. Nothing is printed but names, and
what is there already is left as it is.
"""

import os
import secrets
import sys
from pathlib import Path

from vox_telemetry_sink.receipt_key import generate_receipt_key

FOLDER = Path("/secrets")
# The users that read them: the sink's of deploy/Dockerfile, those of the official images.
SINK, POSTGRES, GRAFANA = 65532, 999, 472
PASSWORD_BYTES = 24


def main() -> None:
    """Make what is missing; the database's password and the URL that holds it only together."""
    FOLDER.chmod(0o700)
    together = [FOLDER / "database_password", FOLDER / "database_url"]
    there = [path.exists() for path in together]
    if any(there) and not all(there):
        sys.exit(
            "one of database_password and database_url is missing: put it back, or delete both and "
            "give the role `vox` the new password (docs/deploy-containers.md)"
        )
    password = secrets.token_hex(PASSWORD_BYTES)
    make(together[0], password, POSTGRES)
    make(together[1], f"postgresql://vox:{password}@db/vox", SINK)
    make(FOLDER / "postgres_password", secrets.token_hex(PASSWORD_BYTES), POSTGRES)
    make(FOLDER / "grafana_password", secrets.token_hex(PASSWORD_BYTES), GRAFANA)
    receipt_key = FOLDER / "receipt_key"
    if not receipt_key.exists():
        generate_receipt_key(receipt_key)
        give(receipt_key, SINK)


def make(path: Path, text: str, user: int) -> None:
    """Write a new file that one user can read."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"{text}\n")
        give(path, user)


def give(path: Path, user: int) -> None:
    """Let a user, and nobody else, read a file."""
    os.chmod(path, 0o400)  # noqa: PTH101 -- beside chown, which pathlib has not
    os.chown(path, user, user)
    print(f"made deploy/secrets/{path.name}, for user {user}")


if __name__ == "__main__":
    main()
