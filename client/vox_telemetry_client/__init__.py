"""The operator's side: check, enqueue, review, sign, upload, keep the record.

What is named in `__all__` is the public API; it is imported when it is first asked for, so that a
program which only records pays for nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vox_telemetry_client.allowance import RunLimits
    from vox_telemetry_client.api import Spool, enqueue, upload
    from vox_telemetry_client.batch import Approval
    from vox_telemetry_client.errors import EventsRefusedError, TelemetryError
    from vox_telemetry_client.recording import record
    from vox_telemetry_client.report import Outcome, Report, Result
    from vox_telemetry_client.timing import record_timing

__all__ = [
    "Approval",
    "EventsRefusedError",
    "Outcome",
    "Report",
    "Result",
    "RunLimits",
    "Spool",
    "TelemetryError",
    "enqueue",
    "record",
    "record_timing",
    "upload",
]

_ROOMS = {
    "Approval": "batch",
    "EventsRefusedError": "errors",
    "Outcome": "report",
    "Report": "report",
    "Result": "report",
    "RunLimits": "allowance",
    "Spool": "api",
    "TelemetryError": "errors",
    "enqueue": "api",
    "record": "recording",
    "record_timing": "timing",
    "upload": "api",
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
