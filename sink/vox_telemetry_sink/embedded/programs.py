"""Run one of Postgres's programs as the right user and turn its failure into our error."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError
from vox_telemetry_sink.embedded.server_user import ServerUser

QUOTED_LINES: Final = 5


@dataclass(frozen=True)
class Programs:
    """Postgres's programs, and the user they run as."""

    binaries: Path
    user: ServerUser

    def run(self, name: str, *args: str | Path, within_s: float, stdin: str = "") -> str:
        """Run a program to its end and give its stdout.

        Raises:
            EmbeddedPostgresError: it cannot be started, fails, or takes longer than `within_s`.
        """
        command = [*self.user.prefix, str(self.binaries / name), *map(str, args)]
        try:
            done = subprocess.run(  # noqa: S603 -- no shell, and no word of it comes from a request
                command,
                env=_environment(),
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=within_s,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            raise EmbeddedPostgresError(f"{name} took longer than {within_s:g} s") from exc
        except OSError as exc:
            raise EmbeddedPostgresError(f"{name} cannot be started: {exc}") from exc
        if done.returncode != 0:
            said = last_lines(done.stderr or done.stdout)
            raise EmbeddedPostgresError(f"{name} failed with status {done.returncode}: {said}")
        return done.stdout


def last_lines(text: str) -> str:
    """Give the last lines of a program's output on one line, to be quoted in an error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-QUOTED_LINES:])


def _environment() -> dict[str, str]:
    # PGDATA, PGPORT and their like would change what the programs do; messages stay English.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}
