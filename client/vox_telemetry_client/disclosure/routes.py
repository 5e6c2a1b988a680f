"""Which page a path asks for. A query is not read, and nothing of a path names a file. Pure."""

import re
from dataclasses import dataclass
from enum import Enum

_BATCH = (
    r"(?P<name>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:\.[1-9][0-9]{0,8})?)"
)
_NUMBER = r"(?P<number>0|[1-9][0-9]{0,17})"


class Page(Enum):
    """Every page, by the shape of its path."""

    OVERVIEW = "/"
    INSIGHTS = "/insights"
    INSIGHTS_BEFORE = f"/insights/before/{_NUMBER}"
    PENDING = "/pending"
    PENDING_AFTER = f"/pending/after/{_BATCH}"
    PENDING_BATCH = f"/pending/{_BATCH}"
    PENDING_FROM = f"/pending/{_BATCH}/from/{_NUMBER}"
    PENDING_EVENT = f"/pending/{_BATCH}/event/{_NUMBER}"
    PENDING_RAW = f"/pending/{_BATCH}/raw"
    REJECTED = "/rejected"
    REJECTED_AFTER = f"/rejected/after/{_BATCH}"
    REJECTED_BATCH = f"/rejected/{_BATCH}"
    REJECTED_FROM = f"/rejected/{_BATCH}/from/{_NUMBER}"
    REJECTED_EVENT = f"/rejected/{_BATCH}/event/{_NUMBER}"
    REJECTED_RAW = f"/rejected/{_BATCH}/raw"
    SENT = "/sent"
    SENT_BEFORE = f"/sent/before/{_NUMBER}"
    SENT_RECEIPT = f"/sent/{_NUMBER}"
    DECISIONS = "/decisions"
    STYLE = "/style.css"
    ICON = "/icon.svg"


@dataclass(frozen=True)
class Route:
    """A page with what its path names: a batch as `rejected` names one, a number, or neither."""

    page: Page
    name: str = ""
    number: int = 0


_SHAPES = [(page, re.compile(page.value, re.ASCII)) for page in Page]


def route(path: str) -> Route | None:
    """Return what a path asks for, None where no page has such a path."""
    for page, shape in _SHAPES:
        found = shape.fullmatch(path)
        if found is not None:
            members = found.groupdict()
            return Route(page, members.get("name", ""), int(members.get("number", 0)))
    return None
