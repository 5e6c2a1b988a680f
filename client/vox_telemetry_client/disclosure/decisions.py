"""What was decided, and by whom: consent, the switches in their precedence, settings. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from vox_telemetry_client.config import Config
from vox_telemetry_client.journal_lines import ConsentDecided, Line
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.switches import Facts, Source, verdicts
from vox_telemetry_spec.errors import UrlRefusedError
from vox_telemetry_spec.wire import ingest_target

_WHO = {
    Source.POLICY: "the organisation's policy file",
    Source.MASTER: "the environment variable VOX_TELEMETRY",
    Source.DO_NOT_TRACK: "the environment variable DO_NOT_TRACK",
    Source.USER: "your configuration file",
    Source.CONSENT: "your consent",
}


@dataclass(frozen=True)
class Verdict:
    """What one source says by itself; it can only forbid."""

    rank: int
    source: str
    who: str
    forbids: bool
    reason: str


@dataclass(frozen=True)
class Setting:
    """One line of what is configured; a secret is never a value here."""

    name: str
    value: str


def precedence(facts: Facts) -> list[Verdict]:
    """Return every source, the strongest first."""
    return [
        Verdict(
            rank,
            source.value,
            _WHO[source],
            forbids=decision is not None and not decision.allowed,
            reason="" if decision is None else decision.reason,
        )
        for rank, (source, decision) in enumerate(verdicts(facts), 1)
    ]


def configured(config: Config, signing_key: str) -> list[Setting]:
    """Return what is configured; `signing_key` says in words which key signs."""
    opted_in = ", ".join(sorted(config.opt_in_s2))
    return [
        Setting("Spool", str(config.spool)),
        Setting("Quota of the spool", f"{config.spool_max_bytes:,} bytes"),
        Setting("Local store", str(config.store)),
        Setting("Upload URL", upload_url(config)),
        Setting("Upload token", "set" if config.upload_token else "not set in the environment"),
        Setting("Signing key", signing_key),
        Setting("Families of S2 opted in", opted_in or "none"),
    ]


def upload_url(config: Config) -> str:
    """Return where an upload would send, in words where that is nowhere."""
    given = (config.upload_url or "").strip()
    if not given:
        return "not set in the environment or your configuration; the keyring is not asked here"
    try:
        return ingest_target(given).url
    except UrlRefusedError as exc:
        return f"cannot be used: {exc}"


def consent_history(lines: Iterable[tuple[int, Line | None]]) -> list[ConsentDecided]:
    """Return the newest decisions that this spool's journal holds, newest first."""
    decided = (line for _, line in lines if isinstance(line, ConsentDecided))
    return list(reversed(deque(decided, maxlen=VIEW_PAGE_ROWS)))
