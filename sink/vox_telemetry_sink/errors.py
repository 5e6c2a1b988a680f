"""Errors of the sink.

    SinkError
    ├── ConfigError             an environment variable or flag cannot be used (exit 3)
    ├── MigrationError          the schema of the database is not the one this version needs
    ├── StoreError              the database refused what we asked for
    │   └── StoreUnavailableError   it does not answer, or not now; the same request may work later
    ├── KeyChangeError          the key registry does not allow a change
    ├── RefusalError            a request is refused: a problem type of wire 7
    ├── ConsoleRefusalError     a request for the console is refused: a page in words
    ├── EmbeddedPostgresError   the embedded Postgres cannot run here (embedded/errors.py)
    └── PluginError             a fixture of the pytest plugin cannot be had (testing/errors.py)

No message holds a value of an event, a token or a password: messages end in answers and logs.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

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
        event_count: int | None = None,
    ) -> None:
        """`detail` is a sentence for the sender, `headers` go with the answer.

        `event_count` is of the refused batch, None where it was not read so far as to know.
        """
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.violations = list(violations)
        self.headers = dict(headers or {})
        self.sink_time = sink_time
        self.event_count = event_count


class ConsoleRefusalError(SinkError):
    """A request for the console is refused; who looks at the page reads why."""

    def __init__(
        self, status: HTTPStatus, words: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """`words` are sentences for a person, `headers` go with the answer."""
        super().__init__(words)
        self.status = status
        self.words = words
        self.headers = dict(headers or {})
