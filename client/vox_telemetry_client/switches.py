"""May anything be sent, or recorded? The one place that decides. Pure; asked before every request.

`PRECEDENCE` is the order in which the sources are asked, the strongest first. Each can only forbid:
what one has forbidden no other allows again, so the order decides no more than which reason is
told. Where a source cannot be understood, it forbids.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vox_telemetry_client.config import (
    BENCHMARK_SWITCH,
    DO_NOT_TRACK,
    MASTER_SWITCH,
    SYNTAX_K_SWITCH,
)
from vox_telemetry_client.consent import Consent, State
from vox_telemetry_client.errors import ConsentError, SwitchedOffError

_MASTER_OFF = frozenset({"off", "0", "false", "no"})
_NO_WISH = frozenset({"", "0", "false"})
_KIND_ON = frozenset({"1", "true", "yes", "on"})

_PURGE = "`vox-telemetry consent deny --purge` deletes what is pending"
_GRANT = "`vox-telemetry consent grant`"


class Source(StrEnum):
    """Who decided; `--json` prints these words."""

    POLICY = "policy-file"
    MASTER = "VOX_TELEMETRY"
    DO_NOT_TRACK = "DO_NOT_TRACK"
    USER = "user-configuration"
    CONSENT = "consent"
    BENCHMARK = "VOX_BENCHMARK_TELEMETRY"
    SYNTAX_K = "VOX_SYNTAX_K_TELEMETRY"
    UPLOAD_URL = "upload-url"  # no use to ask: nothing could be sent there
    DEFAULT = "default"


PRECEDENCE = (Source.POLICY, Source.MASTER, Source.DO_NOT_TRACK, Source.USER, Source.CONSENT)


@dataclass(frozen=True)
class FileSays:
    """What a settings file says; `trouble` is why it cannot be understood, which means off."""

    path: str
    enabled: bool | None = None  # None: there is no file, or it does not say
    trouble: str = ""


@dataclass(frozen=True)
class Switches:
    """The off switches, as they are now."""

    policy: FileSays
    user: FileSays
    environ: Mapping[str, str]


@dataclass(frozen=True)
class Facts:
    """All that sending depends on; `consent_trouble` is why the record counts as none."""

    switches: Switches
    consent: Consent | None
    url: str
    contract_sha256: str
    consent_trouble: str = ""


@dataclass(frozen=True)
class Decision:
    """Whether, why not, and who said so.

    Where sending is allowed, `url` is to where and `covers_from` the oldest approval of a batch.
    `denied` is a refusal of consent, which nobody is asked about again.
    """

    allowed: bool
    reason: str
    source: Source
    url: str = ""
    covers_from: datetime | None = None
    denied: bool = False

    def require(self) -> datetime:
        """Return `covers_from` where sending is allowed.

        Raises:
            SwitchedOffError: a switch is off.
            ConsentError: there is no consent to this.

        """
        if self.allowed and self.covers_from is not None:
            return self.covers_from
        kind = ConsentError if self.source is Source.CONSENT else SwitchedOffError
        raise kind(self.reason)


def may_send(facts: Facts) -> Decision:
    """Return whether a request to `facts.url` may be made now."""
    return switched_off(facts.switches) or _consented(facts)


def switched_off(switches: Switches) -> Decision | None:
    """Return what forbids every request wherever it goes, or None."""
    return next((no for _, no in _said(switches) if no is not None), None)


def verdicts(facts: Facts) -> list[tuple[Source, Decision | None]]:
    """Return what each source of PRECEDENCE says by itself; None where it forbids nothing."""
    return [*_said(facts.switches), (Source.CONSENT, _consented(facts))]


def may_record(switches: Switches, metric_type: str, *, asked: bool = True) -> Decision:
    """Return whether rows of `metric_type` may be recorded, and enqueued from the store.

    DO_NOT_TRACK has no say where a person `asked`: a row that stays here tracks nobody. A kind's
    own switch counts only where the others allow; an unknown word there means off.
    """
    return (
        _forbidden_by_file(switches.policy, Source.POLICY, "ask whoever keeps it")
        or _master_off(switches.environ, "record")
        or (None if asked else _do_not_track(switches.environ, "recorded", "record"))
        or _forbidden_by_file(switches.user, Source.USER, "change it to record")
        or _kind_off(switches.environ, metric_type)
        or Decision(allowed=True, reason="", source=Source.DEFAULT)
    )


def _said(switches: Switches) -> Iterator[tuple[Source, Decision | None]]:
    environ = switches.environ
    yield Source.POLICY, _forbidden_by_file(switches.policy, Source.POLICY, "ask whoever keeps it")
    yield Source.MASTER, _master_off(environ, "send")
    yield Source.DO_NOT_TRACK, _do_not_track(environ, "sent", "send")
    yield Source.USER, _forbidden_by_file(switches.user, Source.USER, "change it to send")


def _forbidden_by_file(says: FileSays, source: Source, advice: str) -> Decision | None:
    if says.trouble:
        return _no(source, f"{says.path} {says.trouble}, which means off: mend it, or {advice}")
    if says.enabled is False:
        return _no(source, f"{says.path} switches telemetry off: {advice}")
    return None


def _master_off(environ: Mapping[str, str], to: str) -> Decision | None:
    switch = environ.get(MASTER_SWITCH, "").strip()
    if switch.lower() not in _MASTER_OFF:
        return None
    reason = f"{MASTER_SWITCH} is '{switch}': telemetry is switched off, unset it to {to}"
    return _no(Source.MASTER, reason)


def _do_not_track(environ: Mapping[str, str], not_done: str, to: str) -> Decision | None:
    if environ.get(DO_NOT_TRACK, "").strip().lower() in _NO_WISH:
        return None
    reason = f"{DO_NOT_TRACK} is set: nothing is {not_done}, unset it to {to}"
    return _no(Source.DO_NOT_TRACK, reason)


def _consented(facts: Facts) -> Decision:
    consent = facts.consent
    if facts.consent_trouble:
        return _no(Source.CONSENT, f"{facts.consent_trouble}, so it is no consent: {_GRANT}")
    if consent is None:
        return _no(Source.CONSENT, f"consent has not been granted: {_GRANT}")
    if consent.state is State.DENIED:
        reason = f"consent was denied at {consent.at}: {_PURGE}"
        return Decision(allowed=False, reason=reason, source=Source.CONSENT, denied=True)
    if consent.url != facts.url:
        reason = (
            f"consent was granted for {consent.url}, not for the URL that would be sent to: "
            f"{_GRANT} with this URL in --url"
        )
        return _no(Source.CONSENT, reason)
    if consent.contract_sha256 != facts.contract_sha256:
        reason = (
            f"consent was granted at {consent.at} for another contract than this program has: "
            f"see **Telemetry** in its changelog, then {_GRANT}"
        )
        return _no(Source.CONSENT, reason)
    return Decision(
        allowed=True, reason="", source=Source.CONSENT, url=facts.url, covers_from=consent.since
    )


def _kind_off(environ: Mapping[str, str], metric_type: str) -> Decision | None:
    variables = {
        "benchmark_event": (BENCHMARK_SWITCH,),
        "syntax_k_event": (SYNTAX_K_SWITCH, BENCHMARK_SWITCH),
    }.get(metric_type, ())
    for variable in variables:
        switch = environ.get(variable, "").strip()
        if not switch:
            continue  # not set: the next one decides
        if switch.lower() in _KIND_ON:
            return None
        reason = f"{variable} is '{switch}': {metric_type} is not recorded, set it to 1 to record"
        return _no(Source(variable), reason)
    return None


def _no(source: Source, reason: str) -> Decision:
    return Decision(allowed=False, reason=reason, source=source)
