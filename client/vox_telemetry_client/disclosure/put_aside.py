"""What was set aside: a page of rows, or one batch with its problem and its bytes."""

import os
from dataclasses import dataclass

from vox_telemetry_client.disclosure.opened import Opened
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.rejected import SetAside, listed
from vox_telemetry_client.set_aside import Copy, copies_after
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.times import format_time

_NOT_APPROVED = "they are not the bytes that the journal approves"
_UNREADABLE = "there is no file of at most the size of a batch that can be read"


@dataclass(frozen=True)
class SetAsideRow:
    """One batch that was set aside, and why."""

    name: str
    at: str
    events: int | None
    problem: Problem | None
    has_reason: bool  # a file of it, which may be damaged


@dataclass(frozen=True)
class SetAsideRows:
    """VIEW_PAGE_ROWS after one name; `after` begins the next page, empty on the last."""

    rows: list[SetAsideRow]
    after: str


def rows(folder: Folder, after: Copy | None = None) -> SetAsideRows:
    """Return a page, oldest batch first; no batch is read but those on it, one after the other.

    Raises:
        SpoolError: the spool cannot be read.

    """
    found = copies_after(folder, after, VIEW_PAGE_ROWS + 1)
    on_page = found[:VIEW_PAGE_ROWS]
    more = on_page[-1].stem if len(found) > len(on_page) else ""
    return SetAsideRows([_row(folder, one) for one in listed(folder, on_page)], more)


def find(folder: Folder, wanted: Copy) -> Opened | None:
    """Return what was set aside under this name, None where nothing was.

    Raises:
        SpoolError: the spool cannot be read.

    """
    there = [one for one in copies_after(folder, _just_before(wanted), 1) if one == wanted]
    found = next(listed(folder, there), None)
    return None if found is None else _opened(found)


def named(name: str) -> Copy:
    """Return the copy that goes by a name that `routes` has found to be one."""
    batch_id, _, number = name.partition(".")
    return Copy(batch_id, int(number or 1))


def _just_before(wanted: Copy) -> Copy:
    return Copy(wanted.batch_id, wanted.number - 1)


def _row(folder: Folder, found: SetAside) -> SetAsideRow:
    has_reason = os.path.lexists(found.copy.problem_file(folder))
    return SetAsideRow(found.copy.stem, _at(found), found.events, found.problem, has_reason)


def _opened(found: SetAside) -> Opened:
    payload = found.payload
    if payload is not None and len(payload) > CODED_BODY_MAX_BYTES:
        payload = None
    trouble = _UNREADABLE if payload is None else "" if found.events else _NOT_APPROVED
    return Opened("rejected", found.copy.stem, payload, trouble, _at(found), found.problem)


def _at(found: SetAside) -> str:
    return "" if found.at is None else format_time(found.at)
