"""`python -m vox_telemetry_sink.testing.embedded_server FOLDER READY`: a Postgres of a test run.

It writes the DSN to the file READY in FOLDER once the server takes connections. It stops the server
and deletes FOLDER when its starter has closed its input, or is gone.
"""

import shutil
import sys
from pathlib import Path

from vox_telemetry_sink.embedded import EmbeddedPostgresError, running_postgres
from vox_telemetry_sink.testing.processes import wait_for_the_end_of_input


def main() -> None:
    """Run the server of FOLDER; one that does not start is one sentence on standard error."""
    folder, ready = map(Path, sys.argv[1:])
    try:
        with running_postgres(folder / "data") as dsn:
            written = folder / "written"
            written.write_text(dsn, encoding="utf-8")
            written.rename(ready)
            wait_for_the_end_of_input()
    except EmbeddedPostgresError as exc:
        raise SystemExit(str(exc)) from exc
    shutil.rmtree(folder)  # not left to the starter, which may have been killed


if __name__ == "__main__":
    main()
