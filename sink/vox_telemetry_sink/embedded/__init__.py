"""A Postgres of our own on a machine without one: the binaries of a wheel, run by a small runner.

It speaks to its own operating-system user only (peer authentication on a socket in a 0700 folder)
and never over TCP, so there is no password to keep. Durability is Postgres's default.
"""

import sys

if sys.platform == "win32":
    raise ImportError(
        "the embedded postgres needs unix sockets with peer authentication, which windows lacks; "
        "set VOX_SINK_DATABASE_URL to a server instead"
    )

from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError
from vox_telemetry_sink.embedded.runner import running_postgres

__all__ = ["EmbeddedPostgresError", "running_postgres"]
