"""The public Python API: what the command line does, for programs. Import it from the package.

It decides nothing by itself: consent, the switches and the settings are those of the command line,
read from the same environment variables and files (docs/reference/env-vars.md) each time they are
needed. There is no way here to send where `vox-telemetry upload` would not.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from vox_telemetry_client import spool as room
from vox_telemetry_client.batch import Approval
from vox_telemetry_client.enqueuing import enqueue as keep
from vox_telemetry_client.errors import EventsRefusedError
from vox_telemetry_client.folder import Folder, batch_ids
from vox_telemetry_client.limits import UPLOAD_LOCK_WAIT_S
from vox_telemetry_client.lock import held
from vox_telemetry_client.report import Report
from vox_telemetry_client.review import find
from vox_telemetry_client.settings import may_send, now, settings, target_of
from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS
from vox_telemetry_spec.strict_json import JsonValue, decode
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.violations import Violation

if TYPE_CHECKING:
    from vox_telemetry_client.allowance import RunLimits
    from vox_telemetry_spec.checking import Checker


class Spool:
    """A folder of approved batches that wait for their upload; get one from `Spool.open`."""

    def __init__(self, path: Path) -> None:
        """Take the folder, an absolute path; callers use `open`."""
        folder = Folder(path)
        folder.create()
        self._room = room.Spool(folder, now=now)

    @classmethod
    def open(cls, path: str | Path | None = None) -> "Spool":
        """Open the spool in the folder `path`, made where it is missing (mode 0700).

        Without `path` it is the one that the command line uses here: VOX_TELEMETRY_SPOOL_DIR, else
        `spool_dir` of the user's configuration, else `.vox/telemetry-upload-queue` in the
        repository root or the current folder.

        Raises:
            NotConfiguredError: a setting that cannot be understood.
            SpoolUnsafeError: somebody else could read or change the folder.
            SpoolError: it cannot be made.

        """
        return cls(settings().spool if path is None else Path(path).absolute())

    @property
    def path(self) -> Path:
        """The folder."""
        return self._room.folder.root

    def pending(self) -> list[str]:
        """Return the ids (UUIDv7) of the batches that wait, oldest first.

        Raises:
            SpoolError: the spool cannot be read.

        """
        return sorted(batch_ids(self._room.folder.pending))

    def payload(self, batch_id: str) -> bytes:
        """Return the exact bytes of a batch, pending or set aside, as they are signed and sent.

        Raises:
            BatchUnknownError: there is no such batch.
            OSError: it cannot be read.

        """
        return find(self._room.folder, batch_id).payload

    def enqueue(self, events: Iterable[Mapping[str, object]]) -> list[Approval]:
        """Keep events for upload; see the function `enqueue`."""
        config = settings()
        values = [_json_value(event, at) for at, event in enumerate(events)]
        violations = list(_violations(values, config.opt_in_s2))
        if violations:
            raise _refused(violations)
        return keep(values, self._room, now=now(), max_bytes=config.spool_max_bytes)

    def upload(
        self,
        *,
        url: str | None = None,
        ca_file: str | Path | None = None,
        limits: "RunLimits | None" = None,
    ) -> Report:
        """Sign and send what is pending; see the function `upload`."""
        config = settings()
        target = target_of(config, url)
        may_send(target.url).require()
        # httpx and tenacity take longer to import than the rest, and only sending needs them.
        from vox_telemetry_client.allowance import NO_LIMITS  # noqa: PLC0415 -- see above
        from vox_telemetry_client.connecting import connection  # noqa: PLC0415 -- see above
        from vox_telemetry_client.real_world import (  # noqa: PLC0415 -- see above
            real_sender,
            real_world,
            remember_answer,
        )
        from vox_telemetry_client.uploader import Uploader  # noqa: PLC0415 -- see above

        sender = real_sender(config, target)
        authorities = None if ca_file is None else Path(ca_file)
        lock = self._room.folder.upload_lock
        with (
            held(lock, "an upload", wait_s=UPLOAD_LOCK_WAIT_S),
            connection(config, target, authorities) as transport,
        ):
            world = real_world(
                transport,
                lambda: may_send(target.url),
                on_outcome=lambda _: None,
                on_wait=lambda _wait_s, _reason: None,
            )
            report = Uploader(self._room, sender, world, limits or NO_LIMITS).run()
        remember_answer(report, sender)
        return report


def enqueue(
    events: Iterable[Mapping[str, object]], *, spool: Spool | None = None
) -> list[Approval]:
    """Check events and keep them as batches, approved for upload: all of them, or none.

    Nothing is sent. Calling this is the approval that `vox-telemetry enqueue` is by hand.

    Args:
        events: mappings of JSON values as docs/taxonomy.md has them: `metric_type`, `session_id`,
            `recorded_at` (RFC 3339, UTC, `Z`), `metric_value` (a number in the unit that the type
            says, None for "no scalar") and `metadata`.
        spool: where to keep them; default `Spool.open()`.

    Returns:
        One for each batch, with its `batch_id`, `payload_sha256` (hex), `event_count` and
        `byte_count`. No events make no batch.

    Raises:
        EventsRefusedError: one may not be sent; `violations` says where and by which rule.
        SpoolFullError: the quota or the disk is full.
        SpoolError: the spool cannot be written.
        NotConfiguredError: a setting that cannot be understood.

    """
    return (spool or Spool.open()).enqueue(events)


def upload(
    *,
    url: str | None = None,
    spool: Spool | None = None,
    ca_file: str | Path | None = None,
    limits: "RunLimits | None" = None,
) -> Report:
    """Sign and send what is pending, oldest first; a batch is deleted only for its receipt.

    Every off switch and the recorded consent are asked before each request, exactly as by the
    command line. May take minutes: the sink may ask for pauses, and requests are paced. Installs no
    signal handler; KeyboardInterrupt leaves the spool as a crash would, which loses nothing.

    Args:
        url: send here instead of to the configured URL; consent must name it.
        spool: whose batches; default `Spool.open()`.
        ca_file: trust these authorities (PEM) alone; default VOX_TELEMETRY_CA_FILE.
        limits: the most that this run may use; default: no limit.

    Returns:
        What became of each batch (`outcomes`), and in `stopped` and `error` why the run ended
        early, if it did: trouble on the way is told there, not raised.

    Raises:
        SwitchedOffError: a switch is off; nothing left the machine.
        ConsentError: there is no consent to this URL and contract; nothing left the machine.
        CredentialError: no key, no keyring, or it does not answer.
        NotConfiguredError: no URL, or a setting that cannot be used.
        SpoolBusyError: another upload is running.
        SpoolError: the spool cannot be used.
        UrlRefusedError: telemetry must not be sent to this URL.

    """
    return (spool or Spool.open()).upload(url=url, ca_file=ca_file, limits=limits)


@cache
def _checker() -> "Checker":
    # Compiling the contract takes longer than all else: once for a program, and not on import.
    from vox_telemetry_spec.checking import Checker  # noqa: PLC0415 -- see above

    return Checker.load()


def _json_value(event: Mapping[str, object], at: int) -> JsonValue:
    """Return an event as strict JSON has it: a caller's numbers and names may be anything."""
    try:
        return decode(json.dumps(dict(event), allow_nan=False, ensure_ascii=False).encode())
    except JsonRefusedError as exc:
        violation = Violation(at, exc.pointer, exc.rule)
    except (TypeError, ValueError, RecursionError):
        # What json says of it may quote a value.
        violation = Violation(at, "", "json.syntax")
    raise _refused([violation])


def _violations(values: list[JsonValue], opted_in: frozenset[str]) -> Iterator[Violation]:
    ceiling = SensitivityClass.S2 if opted_in else SensitivityClass.S1
    rest, first = iter(values), 0
    while run := list(islice(rest, BATCH_MAX_EVENTS)):
        checked = _checker().check_batch(run, now=now(), ceiling=ceiling, opted_in=opted_in)
        for found in checked.violations:
            yield Violation((found.event or 0) + first, found.pointer, found.rule)
        first += len(run)


def _refused(violations: list[Violation]) -> EventsRefusedError:
    first = violations[0]
    place = f"event {first.event}: {first.pointer or 'the event'}: {first.rule}"
    more = f", and {len(violations) - 1} more" if len(violations) > 1 else ""
    return EventsRefusedError(f"{place}{more}; nothing was kept", violations)
