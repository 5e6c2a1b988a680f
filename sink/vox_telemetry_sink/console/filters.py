"""What a page may be asked for: the filters in its address, checked; pure.

Nothing of a filter that is refused is repeated: what the page says is ours.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, TypeVar, get_args
from urllib.parse import urlencode

import msgspec

from vox_telemetry_sink.errors import ConsoleRefusalError
from vox_telemetry_spec.limits import CONSOLE_FILTER_MAX_CHARS

_Days = Literal[1, 7, 30, 90]
_KeyState = Literal["good", "waiting", "not yet valid", "expired", "revoked"]
_Word = Annotated[str, msgspec.Meta(max_length=CONSOLE_FILTER_MAX_CHARS)]
DAYS: Final[tuple[int, ...]] = get_args(_Days)
KEY_STATES: Final[tuple[str, ...]] = get_args(_KeyState)


class NoFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page that takes none."""


class FamiliesFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days, and one family; '' is all of them."""

    days: _Days = 30
    family: _Word = ""


class KeysFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state, and a text that is somewhere in the name or begins the key id."""

    state: _KeyState | Literal[""] = ""
    text: _Word = ""


class HiddenRejectionsFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days, and which problem and rule; '' is all of them. A viewer knows no key to ask for."""

    days: _Days = 30
    problem: _Word = ""
    rule: _Word = ""


class RejectionsFilter(HiddenRejectionsFilter, frozen=True, forbid_unknown_fields=True):
    """The same, and which key."""

    key: _Word = ""


_FilterT = TypeVar("_FilterT", bound=msgspec.Struct)


def read_filter(pairs: Iterable[tuple[str, Any]], kind: type[_FilterT]) -> _FilterT:
    """Return the filter in the decoded pairs of a query.

    Raises:
        ConsoleRefusalError: a name that the page does not know or that comes twice, or a value
            that cannot be (400).

    """
    listed = [(name, str(value)) for name, value in pairs]
    given = dict(listed)
    try:
        if len(given) != len(listed) or any("\0" in value for value in given.values()):
            raise _refused(kind)
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as exc:
        raise _refused(kind) from exc


def query_of(chosen: msgspec.Struct) -> str:
    """Return a filter as the query of an address, '' when nothing was chosen."""
    default = type(chosen)()
    pairs = [
        (name, getattr(chosen, name))
        for name in chosen.__struct_fields__
        if getattr(chosen, name) != getattr(default, name)
    ]
    return f"?{urlencode(pairs)}" if pairs else ""


def _refused(kind: type[msgspec.Struct]) -> ConsoleRefusalError:
    words = ["This page cannot be filtered as its address says."]
    if known := kind.__struct_fields__:
        words += [
            f"Each filter may be given once and is one of: {', '.join(known)}.",
            f"Days are {', '.join(map(str, DAYS[:-1]))} or {DAYS[-1]}." * ("days" in known),
            f"A text has at most {CONSOLE_FILTER_MAX_CHARS} characters.",
        ]
    else:
        words += ["It takes no filter."]
    return ConsoleRefusalError(HTTPStatus.BAD_REQUEST, " ".join(filter(None, words)))
