"""`vox-telemetry-sink`: serve, migrate, doctor, config, keys, retention, rejections and others.

Exit codes: 0 done, 1 it failed or was refused, 2 usage, 3 a setting is missing or cannot be used.
"""

import sys

from vox_telemetry_sink.cli.program import program
from vox_telemetry_sink.errors import ConfigError, SinkError
from vox_telemetry_spec.errors import SpecError

EXIT_FAILED = 1
EXIT_NOT_CONFIGURED = 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells expect


def run() -> None:
    """Run a command; foreseeable trouble is one line on stderr, never a traceback."""
    try:
        program()
    except ConfigError as exc:
        raise SystemExit(_say(exc, EXIT_NOT_CONFIGURED)) from None
    except (SinkError, SpecError) as exc:
        raise SystemExit(_say(exc, EXIT_FAILED)) from None
    except KeyboardInterrupt:
        raise SystemExit(EXIT_INTERRUPTED) from None


def _say(error: Exception, code: int) -> int:
    sys.stderr.write(f"vox-telemetry-sink: {error}\n")
    return code
