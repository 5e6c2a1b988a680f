"""The errors of the pytest plugin.

SinkError
└── PluginError              the plugin cannot give what a test asked for; says what to do
    ├── NoPostgresError      the Postgres that was asked for cannot be had
    └── ProgramFailedError   a program that a helper ran did not end as the helper promises
"""

from vox_telemetry_sink.errors import SinkError


class PluginError(SinkError):
    """The plugin cannot give what a test asked for."""


class NoPostgresError(PluginError):
    """No Postgres can be had, or not the one that was asked for by name."""


class ProgramFailedError(PluginError):
    """A program that a helper ran failed; the message is what it said on standard error."""
