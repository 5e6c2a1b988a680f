"""The facts of each page but those of a single batch, by the name that its template gives them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

from vox_telemetry_client import consent_file, key_list, settings
from vox_telemetry_client.config import Config
from vox_telemetry_client.disclosure import decisions, insights, pending, put_aside, sent
from vox_telemetry_client.disclosure.hindrances import hindrances, key_seen, signing_key
from vox_telemetry_client.disclosure.reasons import Reasons
from vox_telemetry_client.disclosure.routes import Page, Route
from vox_telemetry_client.errors import TelemetryError
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.left_behind import left_behind
from vox_telemetry_client.next_step import next_step
from vox_telemetry_client.overview import Overview, counts_of, look
from vox_telemetry_client.settings import sending, spool_to_read
from vox_telemetry_client.sink_keys import all_sink_keys
from vox_telemetry_client.switches import Decision
from vox_telemetry_spec.errors import UrlRefusedError
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.wire import ingest_target

Facts: TypeAlias = Mapping[str, object]


class Pages:
    """Each method answers one route; None means that there is nothing of that name."""

    def __init__(
        self, config: Config, reasons: Reasons, now: Callable[[], datetime], version: str
    ) -> None:
        """Take what was configured when the program began; the switches are read anew each time."""
        self._config = config
        self._reasons = reasons
        self._now = now
        self._version = version

    def frame(self, place: str) -> Facts:
        """Return what stands around every page; `place` is where in the navigation it is."""
        return {
            "place": place,
            "decision": sending(self._config),
            "spool": str(self._config.spool),
            "version": self._version,
        }

    def overview(self, _route: Route) -> Facts:
        """Return the sums of everything."""
        decision = sending(self._config)
        found = self._look(decision)
        folder = spool_to_read(self._config).folder
        left = left_behind(folder, self._now())
        key = key_seen(self._config)
        counts = counts_of(
            found,
            left,
            has_key=key.is_there,
            key_trouble=key.trouble,
            waits_for_approval=key.waits_for_approval,
            rotate=key.rotate,
        )
        return {
            "found": found,
            "set_aside": left.set_aside.count,
            "insights": insights.insights(self._config.store),
            "next": next_step(counts, decision),
            "spool_is_there": folder.root.exists(),
        }

    def insights(self, route: Route) -> Facts:
        """Return what was recorded here."""
        before = route.number if route.page is Page.INSIGHTS_BEFORE else None
        return {
            "found": insights.insights(self._config.store, before),
            "store": str(self._config.store),
            "is_first": before is None,
        }

    def pending(self, route: Route) -> Facts:
        """Return what waits, the oldest first."""
        decision = sending(self._config)
        view = spool_to_read(self._config)
        page = pending.rows(view, decision, route.name)
        return {
            "page": page,
            "hindrances": hindrances(self._config, view.folder, self._now()),
            "found": self._look(decision),
            "is_first": not route.name,
            "spool_is_there": self._config.spool.exists(),
        }

    def rejected(self, route: Route) -> Facts:
        """Return what was set aside, the oldest first."""
        folder = spool_to_read(self._config).folder
        after = put_aside.named(route.name) if route.name else None
        return {"page": put_aside.rows(folder, after), "is_first": after is None}

    def sent(self, route: Route) -> Facts:
        """Return what was sent, the newest first."""
        before = route.number if route.page is Page.SENT_BEFORE else None
        keys, trouble = _sink_keys()
        page = sent.rows(self._journal(), keys, before)
        return {"page": page, "keys_trouble": trouble, "is_first": before is None}

    def receipt(self, route: Route) -> Facts | None:
        """Return one receipt, with what proves it."""
        keys, trouble = _sink_keys()
        found = sent.find(self._journal(), keys, route.number)
        if found is None:
            return None
        line = found.line
        return {
            "sent": found,
            "receipt": _laid_out(line.receipt),
            "proof": "" if line.proof is None else _laid_out(line.proof),
            "keys_trouble": trouble,
        }

    def decisions(self, _route: Route) -> Facts:
        """Return who decided what."""
        kept = consent_file.read()
        key = signing_key(self._config)
        return {
            "consent": kept.consent,
            "consent_trouble": kept.trouble,
            "verdicts": decisions.precedence(settings.facts(_url(self._config))),
            "settings": decisions.configured(self._config, key or "none"),
            "history": decisions.consent_history(self._journal().lines(attempts=False)),
            "contract": self._reasons.contract,
            "rules": self._reasons.rules,
        }

    def _look(self, decision: Decision) -> Overview:
        folder = spool_to_read(self._config).folder
        # The lock of an upload is not asked for: not even for a moment is one in its way.
        return look(folder, self._now(), covers_from=decision.covers_from, asks_for_uploader=False)

    def _journal(self) -> Journal:
        return Journal(spool_to_read(self._config).folder.journal)


def _laid_out(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document)).decode()


def _url(config: Config) -> str | None:
    """Return where an upload would send, None where that is what consent was granted for."""
    try:
        return ingest_target(given).url if (given := (config.upload_url or "").strip()) else None
    except UrlRefusedError:
        return ""  # nobody can have consented to it


def _sink_keys() -> tuple[dict[str, PublicKey], str]:
    try:
        return all_sink_keys(key_list.read()), ""
    except TelemetryError as exc:
        return {}, str(exc)
