"""`vox-telemetry consent`: grant it, deny it, see it. Without it, nothing is ever sent.

What permits is written last and what forbids first: a crash between the two steps never sends.
"""

from typing import Annotated

import typer

from vox_telemetry_client import consent_file
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.config import Config
from vox_telemetry_client.consent import Consent, State, granted
from vox_telemetry_client.counting import n_batches
from vox_telemetry_client.limits import PURGE_WAIT_S
from vox_telemetry_client.lock import held
from vox_telemetry_client.overview import count_before_consent
from vox_telemetry_client.permission import packaged_contract
from vox_telemetry_client.settings import all_off, now, sending, settings, spool, target_of
from vox_telemetry_client.some import Some
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.times import format_time

app = typer.Typer(help="Grant, deny or show consent to uploads.", no_args_is_help=True)

Url = Annotated[str | None, typer.Option(help="Consent to this URL instead of the configured one.")]
IncludePending = Annotated[
    bool,
    typer.Option("--include-pending", help="Cover what was enqueued here before as well."),
]
Purge = Annotated[
    bool | None,
    typer.Option("--purge/--keep", help="Delete all batches, or keep them; default: ask."),
]


@app.command()
def grant(
    *, url: Url = None, include_pending: IncludePending = False, as_json: AsJson = False
) -> None:
    """Consent to uploads to one URL, of what is enqueued from now on. Nothing is sent."""
    config = settings()
    target = target_of(config, url)
    contract = packaged_contract()
    given = granted(
        consent_file.read().consent,
        at=format_time(now()),
        url=target.url,
        contract=contract.version,
        contract_sha256=contract.sha256,
    )
    kept = spool(config)
    earlier = 0 if given.since is None else count_before_consent(kept.folder, given.since)
    included = earlier if include_pending else 0
    kept.decided(given, include_pending=include_pending)
    consent_file.write(given)
    left_out = earlier - included
    if as_json:
        output.document(_document(given) | {"included": included, "not_covered": left_out})
        return
    _print(given)
    if left_out:
        output.note(uncovered_note(left_out))
    off = all_off()
    if off is not None:
        output.note(f"nothing is sent all the same: {off.reason}")


@app.command()
def deny(*, purge: Purge = None, as_json: AsJson = False) -> None:
    """Deny or withdraw consent: a running upload stops before its next request."""
    denied = Consent(State.DENIED, format_time(now()))
    consent_file.write(denied)
    output.note("consent is denied: from now on no request is made")
    config = settings()
    purged, pending = _record_denial(config, denied, purge=purge, as_json=as_json)
    if as_json:
        gone = {"purged": purged.first, "purged_batches": purged.count}
        output.document(_document(denied) | gone | {"pending": pending})
        return
    if purged.count:
        output.line(f"deleted {n_batches(purged.count)}")
    if pending:
        stay = n_batches(pending, " stays here", " stay here")
        output.note(f"{stay}: `vox-telemetry consent deny --purge` deletes what is pending")


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Say whether consent is unset, granted or denied, and whether anything may be sent."""
    decision = sending(settings())
    kept = consent_file.read()
    if as_json:
        shown = {
            "allowed": decision.allowed,
            "reason": decision.reason or None,
            "source": decision.source,
        }
        output.document(consent_facts() | {"sending": shown})
        return
    if kept.consent is None:
        output.line("consent     unset")
    else:
        _print(kept.consent)
    output.line(f"sending     {decision.reason or f'allowed to {decision.url}'}")


def consent_facts() -> dict[str, object]:
    """Return what is kept, for a `--json` document."""
    kept = consent_file.read()
    facts: dict[str, object] = {"state": "unset"}
    if kept.consent is not None:
        facts = _document(kept.consent)
    return facts | ({"trouble": kept.trouble} if kept.trouble else {})


def uncovered_note(batches: int) -> str:
    """Return the line about batches that consent came too late for."""
    early = n_batches(
        batches,
        " was enqueued before consent was granted and is not sent",
        " were enqueued before consent was granted and are not sent",
    )
    return f"{early}: `vox-telemetry consent grant --include-pending` covers what is pending"


def _record_denial(
    config: Config, denied: Consent, *, purge: bool | None, as_json: bool
) -> tuple[Some, int]:
    """Write the journal line, and purge where that is wished; return what went and what stays."""
    if not config.spool.exists():
        return Some(), 0  # a denial leaves no folder behind
    kept = spool(config)
    kept.decided(denied)
    pending, _ = kept.extent()
    if purge is None and pending and not as_json:
        waiting = n_batches(pending, " is pending", " are pending")
        purge = output.ask(f"{waiting}. Delete what is pending, and what was set aside?")
    return (_purge(kept), 0) if purge else (Some(), pending)


def _purge(kept: Spool) -> Some:
    # A running upload ends before its next request; a batch that is under way is not deleted
    # beneath it, because the sink's receipt for it would then name nothing.
    with held(kept.folder.upload_lock, "an upload", wait_s=PURGE_WAIT_S):
        return kept.purge("consent deny --purge")


def _document(consent: Consent) -> dict[str, object]:
    shown: dict[str, object] = {"state": consent.state, "at": consent.at}
    if consent.state is State.GRANTED:
        shown |= {
            "url": consent.url,
            "contract": consent.contract,
            "contract_sha256": consent.contract_sha256,
            "covers_from": consent.covers_from,
        }
    return shown


def _print(consent: Consent) -> None:
    changed = (
        "; `vox-telemetry consent grant` changes that" if consent.state is State.DENIED else ""
    )
    output.line(f"consent     {consent.state} at {consent.at}{changed}")
    if consent.state is State.GRANTED:
        output.line(f"url         {consent.url}")
        output.line(f"contract    {consent.contract}, sha-256 {consent.contract_sha256}")
        output.line(f"covers      batches enqueued since {consent.covers_from}")
