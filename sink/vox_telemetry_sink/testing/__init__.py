"""The pytest plugin: a live sink, and an operator's machine beside it, for other projects' tests.

pytest loads `plugin` on every machine where the package is installed, so nothing here imports more
than the standard library before a fixture is used. The names in `__all__` are the types that the
fixtures give, for annotations; they are imported when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vox_telemetry_sink.testing.assertions import TelemetryAssertions
    from vox_telemetry_sink.testing.client_program import Ran
    from vox_telemetry_sink.testing.errors import PluginError, ProgramFailedError
    from vox_telemetry_sink.testing.machine import TelemetryClient
    from vox_telemetry_sink.testing.postgres import TelemetryPostgres
    from vox_telemetry_sink.testing.sink import TelemetrySink
    from vox_telemetry_sink.testing.stored import BatchRow, EventRow, RejectionRow

__all__ = [
    "BatchRow",
    "EventRow",
    "PluginError",
    "ProgramFailedError",
    "Ran",
    "RejectionRow",
    "TelemetryAssertions",
    "TelemetryClient",
    "TelemetryPostgres",
    "TelemetrySink",
]

_ROOMS = {
    "BatchRow": "stored",
    "EventRow": "stored",
    "PluginError": "errors",
    "ProgramFailedError": "errors",
    "Ran": "client_program",
    "RejectionRow": "stored",
    "TelemetryAssertions": "assertions",
    "TelemetryClient": "machine",
    "TelemetryPostgres": "postgres",
    "TelemetrySink": "sink",
}


def __getattr__(name: str) -> object:
    """Import a public name (PEP 562)."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
