"""Errors of the client, each with the exit code it ends a command with.

    TelemetryError (1)
    ├── InputRefusedError (1)        a file that holds no events
    │   └── EventsRefusedError (1)   events that may not be sent, or are no JSON; nothing was kept
    ├── EnrolmentError (1)           the sink did not enrol a key, or its answer is lost
    ├── RunLimitError (0)            a run has used what the operator allowed it
    ├── InterruptedRunError (130)    Ctrl-C ended a run in order
    │   └── TerminatedRunError (143) SIGTERM did
    ├── DisclosureError (1)          the disclosure page cannot be served
    ├── OutputError (1)              a file that the operator named cannot be written
    ├── ReaderLeftError (141)        whoever read standard output has gone, as in `| head`
    ├── SpoolError (1)               the spool cannot be read or written
    │   ├── SpoolUnsafeError (1)     somebody else could read or change the spool
    │   ├── SpoolBusyError (1)       another process holds the spool or the upload
    │   ├── SpoolFullError (1)       the quota or the disk is full; nothing was changed
    │   ├── BatchUnknownError (1)    no such batch in the spool
    │   ├── EnqueuedMeanwhileError (1)  what was taken for new may have been enqueued since
    │   └── BeforeConsentError (1)   the batch was approved before consent was granted
    ├── StoreError (1)               the local store cannot be read or written
    │   ├── StoreBusyError (1)       another process holds it for too long
    │   ├── StoreFullError (1)       the disk is full; nothing was changed
    │   └── StoreForeignError (1)    damaged, or the file of another program
    └── NotConfiguredError (3)       a setting is missing or cannot be used
        ├── SwitchedOffError (3)     the operator or the organisation has switched telemetry off
        ├── ConsentError (3)         consent is missing, is for something else, or cannot be kept
        └── CredentialError (3)      no keyring, no key, no usable secret
            └── PassphraseNeededError (3)  the key to import is encrypted

`kind` is the word that `--json` prints; it never changes. Messages never hold a secret and never
a value of an event.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vox_telemetry_spec.violations import Violation

EXIT_DONE = 0
EXIT_KEPT_OR_REFUSED = 1
EXIT_USAGE = 2
EXIT_NOT_CONFIGURED = 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_READER_LEFT = 141  # 128 + SIGPIPE, likewise
EXIT_TERMINATED = 143  # 128 + SIGTERM, likewise


def os_words(exc: OSError) -> str:
    """Return what the operating system says, in lower case as our messages are."""
    return (exc.strerror or type(exc).__name__).lower()


class TelemetryError(Exception):
    """Something that the operator can mend."""

    exit_code: ClassVar[int] = EXIT_KEPT_OR_REFUSED
    kind: ClassVar[str] = "error"


class InputRefusedError(TelemetryError):
    """An input holds no events."""

    kind = "input-refused"


class EventsRefusedError(InputRefusedError):
    """Events of a caller may not be sent; nothing was kept.

    `violations` says of each where (`event` counts from 0, `pointer` by RFC 6901) and by which
    `rule`; it holds no value.
    """

    kind = "events-refused"

    def __init__(self, message: str, violations: "Sequence[Violation]") -> None:
        """Take what is wrong; the message tells the first."""
        super().__init__(message)
        self.violations = tuple(violations)


class EnrolmentError(TelemetryError):
    """The sink did not enrol a key, or nobody knows whether it did."""

    kind = "enrolment"


class RunLimitError(TelemetryError):
    """A run has used what the operator allowed it, which is no trouble."""

    exit_code = EXIT_DONE
    kind = "run-limit"


class InterruptedRunError(TelemetryError):
    """Ctrl-C ended a run in order."""

    exit_code = EXIT_INTERRUPTED
    kind = "interrupted"


class TerminatedRunError(InterruptedRunError):
    """SIGTERM ended a run in order."""

    exit_code = EXIT_TERMINATED
    kind = "terminated"


class DisclosureError(TelemetryError):
    """The disclosure page cannot be served."""

    kind = "disclosure"


class OutputError(TelemetryError):
    """A file that the operator named cannot be written."""

    kind = "output"


class ReaderLeftError(TelemetryError):
    """Whoever read standard output has gone, which is no trouble and is not reported."""

    exit_code = EXIT_READER_LEFT
    kind = "reader-left"


class SpoolError(TelemetryError):
    """The spool cannot be read or written."""

    kind = "spool"


class SpoolUnsafeError(SpoolError):
    """Somebody else could read or change the spool."""

    kind = "spool-unsafe"


class SpoolBusyError(SpoolError):
    """Another process holds the spool or the upload."""

    kind = "spool-busy"


class SpoolFullError(SpoolError):
    """The quota or the disk is full; nothing was changed."""

    kind = "spool-full"


class BatchUnknownError(SpoolError):
    """No such batch in the spool."""

    kind = "batch-unknown"


class EnqueuedMeanwhileError(SpoolError):
    """Another enqueue came between looking for repeats and keeping; nothing was kept."""

    kind = "enqueued-meanwhile"


class BeforeConsentError(SpoolError):
    """The batch was approved before consent was granted."""

    kind = "before-consent"


class StoreError(TelemetryError):
    """The local store cannot be read or written."""

    kind = "store"


class StoreBusyError(StoreError):
    """Another process holds the local store for too long."""

    kind = "store-busy"


class StoreFullError(StoreError):
    """The disk is full; nothing was changed."""

    kind = "store-full"


class StoreForeignError(StoreError):
    """The file is damaged, or is the database of another program."""

    kind = "store-foreign"


class NotConfiguredError(TelemetryError):
    """A setting is missing or cannot be used."""

    exit_code = EXIT_NOT_CONFIGURED
    kind = "not-configured"


class SwitchedOffError(NotConfiguredError):
    """The operator or the organisation has switched telemetry off."""

    kind = "switched-off"


class ConsentError(NotConfiguredError):
    """Consent is missing, is for something else, or cannot be kept."""

    kind = "consent"


class CredentialError(NotConfiguredError):
    """No keyring, no key or no usable secret."""

    kind = "credential"


class PassphraseNeededError(CredentialError):
    """A private key is encrypted, and nobody has been asked for its passphrase yet."""

    kind = "passphrase-needed"
