"""Errors of the sink.

    SinkError
    ├── ConfigError             an environment variable or flag cannot be used (exit 3)
    ├── MigrationError          the schema of the database is not the one this version needs
    ├── StoreError              the database refused what we asked for
    │   └── StoreUnavailableError   it does not answer, or not now; the same request may work later
    ├── KeyChangeError          the key registry does not allow a change
    ├── RefusalError            a request is refused: a problem type of wire 7
    ├── EmbeddedPostgresError   the embedded Postgres cannot run here (embedded/errors.py)
    └── PluginError             a fixture of the pytest plugin cannot be had (testing/errors.py)

No message holds a value of an event, a token or a password: messages end in answers and logs.
"""

from collections.abc import Mapping, Sequence

from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.violations import Violation


def os_words(exc: OSError) -> str:
    """Return what the operating system says, in lower case as our messages are."""
    return (exc.strerror or type(exc).__name__).lower()


class SinkError(Exception):
    """Something keeps the sink from its work."""


class ConfigError(SinkError):
    """A setting is missing, blank or not what was expected."""


class MigrationError(SinkError):
    """The database's schema and this version do not fit."""


class StoreError(SinkError):
    """The database refused a statement; asking again will not help."""


class StoreUnavailableError(StoreError):
    """The database does not answer, or cannot take this now."""


class KeyChangeError(SinkError):
    """A key is not in the state that a change needs; nothing was changed."""


class RefusalError(SinkError):
    """A request is refused; `problem` says with which answer."""

    def __init__(
        self,
        problem: ProblemType,
        detail: str,
        *,
        violations: Sequence[Violation] = (),
        headers: Mapping[str, str] | None = None,
        sink_time: str = "",
    ) -> None:
        """`detail` is a sentence for the sender, `headers` go with the answer."""
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.violations = list(violations)
        self.headers = dict(headers or {})
        self.sink_time = sink_time
