"""The table of contents: which page a path has, and its words where it cannot be made."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from vox_telemetry_client.disclosure.batch_pages import BatchPages
from vox_telemetry_client.disclosure.pages import Facts, Pages
from vox_telemetry_client.disclosure.rendering import Templates, asset
from vox_telemetry_client.disclosure.replies import Reply
from vox_telemetry_client.disclosure.routes import Page, Route, route
from vox_telemetry_client.errors import TelemetryError, os_words
from vox_telemetry_spec.errors import SpecError

NOT_FOUND = "there is no such page, or what it showed has gone: it may have been sent since"
Make: TypeAlias = Callable[[Route], Facts | None]
_ASSETS = {Page.STYLE: "text/css; charset=utf-8", Page.ICON: "image/svg+xml"}


@dataclass(frozen=True)
class Made:
    """How a page is made: its place in the navigation, its template, and who knows its facts."""

    place: str
    template: str
    facts: Make


class Site:
    """All pages. What they show is read from the disk for each answer, and nothing is kept."""

    def __init__(self, pages: Pages, batches: BatchPages, templates: Templates) -> None:
        """Take who knows the facts, and who writes them into pages."""
        self._pages = pages
        self._batches = batches
        self._templates = templates
        self._made = self._table_of_contents()

    def page(self, path: str) -> Reply:
        """Return the page of a path, or words in its place."""
        found = route(path)
        if found is None:
            return self._no_page()
        if found.page in _ASSETS:
            return Reply(HTTPStatus.OK, asset(found.page.value[1:]), _ASSETS[found.page])
        try:
            if found.page in (Page.PENDING_RAW, Page.REJECTED_RAW):
                return self._batches.raw(found) or self._no_page()
            return self._page(found)
        except (TelemetryError, SpecError) as exc:
            return self._trouble(str(exc))
        except OSError as exc:
            return self._trouble(f"the disk does not give what this page shows: {os_words(exc)}")

    def refusal(self, status: HTTPStatus, words: str, *, is_admitted: bool = False) -> Reply:
        """Say why there is no page; who is not let in gets no more than these words."""
        title = f"{status.value} {status.phrase}"
        page = self._templates.page(
            "refusal.html",
            title=title,
            status=status.value,
            words=words,
            is_admitted=is_admitted,
        )
        return Reply(status, page)

    def _no_page(self) -> Reply:
        return self.refusal(HTTPStatus.NOT_FOUND, NOT_FOUND, is_admitted=True)

    def _trouble(self, words: str) -> Reply:
        return self.refusal(HTTPStatus.SERVICE_UNAVAILABLE, words, is_admitted=True)

    def _page(self, found: Route) -> Reply:
        made = self._made[found.page]
        facts = made.facts(found)
        if facts is None:
            return self._no_page()
        frame = self._pages.frame(made.place)
        return Reply(HTTPStatus.OK, self._templates.page(made.template, **frame, **facts))

    def _table_of_contents(self) -> dict[Page, Made]:
        pages, batches = self._pages, self._batches
        insights = Made("insights", "insights.html", pages.insights)
        pending = Made("pending", "pending.html", pages.pending)
        rejected = Made("rejected", "rejected.html", pages.rejected)
        sent = Made("sent", "sent.html", pages.sent)
        return {
            Page.OVERVIEW: Made("overview", "overview.html", pages.overview),
            Page.INSIGHTS: insights,
            Page.INSIGHTS_BEFORE: insights,
            Page.PENDING: pending,
            Page.PENDING_AFTER: pending,
            Page.PENDING_BATCH: Made("pending", "batch.html", batches.batch),
            Page.PENDING_FROM: Made("pending", "batch.html", batches.batch),
            Page.PENDING_EVENT: Made("pending", "event.html", batches.event),
            Page.REJECTED: rejected,
            Page.REJECTED_AFTER: rejected,
            Page.REJECTED_BATCH: Made("rejected", "batch.html", batches.batch),
            Page.REJECTED_FROM: Made("rejected", "batch.html", batches.batch),
            Page.REJECTED_EVENT: Made("rejected", "event.html", batches.event),
            Page.SENT: sent,
            Page.SENT_BEFORE: sent,
            Page.SENT_RECEIPT: Made("sent", "receipt.html", pages.receipt),
            Page.DECISIONS: Made("decisions", "decisions.html", pages.decisions),
        }
