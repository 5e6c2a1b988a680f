"""The one error of the embedded Postgres.

SinkError
└── EmbeddedPostgresError   cannot be found, made, started or stopped; says what to do
"""

from vox_telemetry_sink.errors import SinkError


class EmbeddedPostgresError(SinkError):
    """The embedded Postgres cannot run here; the message says why and what to do."""
