"""The facts of a batch: its events, why each may be sent, and the bytes that are sent."""

from collections.abc import Callable, Mapping
from datetime import datetime

from vox_telemetry_client import consent_file
from vox_telemetry_client.config import Config
from vox_telemetry_client.consent import Consent, State
from vox_telemetry_client.disclosure import pending, put_aside
from vox_telemetry_client.disclosure.hindrances import hindrances
from vox_telemetry_client.disclosure.opened import Opened, obstacles
from vox_telemetry_client.disclosure.reasons import Reasons
from vox_telemetry_client.disclosure.replies import Reply, download
from vox_telemetry_client.disclosure.routes import Page, Route
from vox_telemetry_client.disclosure.slices import show
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.settings import sending, spool_to_read
from vox_telemetry_client.switches import Decision, Source
from vox_telemetry_spec.times import format_time, parse_time

_PENDING = (Page.PENDING_BATCH, Page.PENDING_FROM, Page.PENDING_EVENT, Page.PENDING_RAW)


class BatchPages:
    """Each method answers the routes of one page; None means that no such batch lies there."""

    def __init__(self, config: Config, reasons: Reasons, now: Callable[[], datetime]) -> None:
        """Take what was configured when the program began."""
        self._config = config
        self._reasons = reasons
        self._now = now

    def batch(self, route: Route) -> Mapping[str, object] | None:
        """Return a batch with a page of its events, from the number in the route on."""
        opened = self._opened(route)
        events = () if opened is None else opened.events or ()
        if opened is None or route.number > max(0, len(events) - 1):
            return None
        numbers = range(route.number, min(route.number + VIEW_PAGE_ROWS, len(events)))
        rows = self._reasons.rows(events, numbers, self._now())
        return self._facts(opened) | {
            "rows": rows,
            "broken": sum(1 for row in rows if row.violations),
            "families": {row.family.family: row.family for row in rows if row.family is not None},
            "shown": None if opened.payload is None else show(opened.payload, events, numbers),
            "first": route.number,
            "next": numbers.stop if numbers.stop < len(events) else 0,
            "previous": max(0, route.number - VIEW_PAGE_ROWS),
        }

    def event(self, route: Route) -> Mapping[str, object] | None:
        """Return one event, and its place among the bytes of its batch."""
        opened = self._opened(route)
        if opened is None or opened.payload is None or opened.events is None:
            return None
        if route.number >= len(opened.events):
            return None
        return self._facts(opened) | {
            "row": self._reasons.row(route.number, opened.events[route.number], self._now()),
            "shown": show(opened.payload, opened.events, [route.number]),
            "rules": self._reasons.rules,
        }

    def raw(self, route: Route) -> Reply | None:
        """Return the file itself."""
        opened = self._opened(route)
        if opened is None or opened.payload is None:
            return None
        return download(f"{opened.name}.json", opened.payload)

    def _opened(self, route: Route) -> Opened | None:
        view = spool_to_read(self._config)
        if route.page in _PENDING:
            return pending.find(view, route.name)
        return put_aside.find(view.folder, put_aside.named(route.name))

    def _facts(self, opened: Opened) -> dict[str, object]:
        approved_at, consent = opened.approved_at, _granted()
        return {
            "batch": opened,
            "events": len(opened.events or ()),
            "approved_at": "" if approved_at is None else format_time(approved_at),
            "obstacles": self._obstacles(opened),
            "contract": self._reasons.contract,
            "rule_count": len(self._reasons.rules),
            "consent": consent,
            "coverage": "" if consent is None else self._coverage(opened, consent),
            "url_is_configured": bool((self._config.upload_url or "").strip()),
        }

    def _obstacles(self, opened: Opened) -> list[str]:
        if opened.room != "pending":
            return ["it was set aside: no upload takes it before `vox-telemetry rejected retry`"]
        view, decision = spool_to_read(self._config), sending(self._config)
        return obstacles(
            trouble=opened.trouble,
            decision=decision,
            is_covered=bool(opened.trouble) or pending.is_covered(view, opened.name, decision),
            hindrances=hindrances(self._config, view.folder, self._now()),
        )

    def _coverage(self, opened: Opened, consent: Consent) -> str:
        """Return how a grant covers a batch: "since" its time, "included", or "before" it: not.

        What the grant is to is told apart from it: another URL or contract is an obstacle.
        """
        since, approved_at = parse_time(consent.covers_from), opened.approved_at
        if since is None or approved_at is None or approved_at >= since:
            return "since"
        if opened.room != "pending" or opened.trouble:
            return "before"
        granted = Decision(allowed=True, reason="", source=Source.CONSENT, covers_from=since)
        view = spool_to_read(self._config)
        return "included" if pending.is_covered(view, opened.name, granted) else "before"


def _granted() -> Consent | None:
    kept = consent_file.read().consent
    return kept if kept is not None and kept.state is State.GRANTED else None
