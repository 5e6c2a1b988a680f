"""One JSON line for what happened, on stderr; never a body, a value, a token or an address.

A foreign exception's message may repeat what was sent (Postgres does), so a bug is logged by the
names of its exceptions and the places in the code, without their messages.
"""

import logging
import sys
import traceback
from contextlib import AbstractContextManager
from typing import Any

import structlog

_INNERMOST_FRAMES = 8


def configure_logging() -> None:
    """Send our log and uvicorn's as JSON lines to stderr."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def log() -> structlog.typing.FilteringBoundLogger:
    """Return the sink's logger."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger("vox_telemetry_sink")
    return logger


def bound_request(request_id: str) -> AbstractContextManager[None]:
    """Name the request in every line of the log for the length of a block."""
    return structlog.contextvars.bound_contextvars(request_id=request_id)


def described(error: BaseException) -> list[str]:
    """Return what an exception is and where it came from, outermost first, without messages."""
    lines = []
    cause: BaseException | None = error
    while cause is not None:
        frames = traceback.extract_tb(cause.__traceback__)[-_INNERMOST_FRAMES:]
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        lines += [type(cause).__qualname__, *places]
        cause = cause.__cause__ or cause.__context__
    return lines


class UvicornFormatter(logging.Formatter):
    """Write uvicorn's own messages as our log does."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON line; an exception is described, not printed."""
        line: dict[str, Any] = {"event": record.getMessage(), "level": record.levelname.lower()}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = described(record.exc_info[1])
        return str(structlog.processors.JSONRenderer()(None, "", line))


UVICORN_LOG_CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "vox_telemetry_sink.logs.UvicornFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    # uvicorn.access stays silent: its lines hold addresses.
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
}
