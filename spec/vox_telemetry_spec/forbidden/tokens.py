"""Which of many tokens could a rule refuse? All are asked about together, and few are left.

A token has letters, digits and `_ . : + -` only, as nearly every text that a contract leaves open.
What is found here is looked at by the rules; what is not found, no rule refuses, because

*   a rule without any keyword that fits in a token does not look at tokens,
*   a pattern that needs a character which tokens lack matches none,
*   the other patterns are searched for as they are, or with counts that ask for less, and without
    the exceptions (`unless`), but for what a hit must have in order to be none,
*   and nothing else is hidden in a token than `hidden` finds.
"""

import re
from collections.abc import Collection, Sequence
from functools import cached_property

from vox_telemetry_spec.forbidden.hidden import BASE64_INSIDE, BASE64_WHOLE, HEX
from vox_telemetry_spec.forbidden.rules import ValueRule
from vox_telemetry_spec.forbidden.search import LineSearch

_MARKS = "_.:+-"
_NO_TOKEN = r"[^A-Za-z0-9_.:+\-\n]"  # noqa: S105 -- a pattern
_KEYWORD = re.compile(r"[a-z0-9_.:+-]+")
_TOGETHER_MAX_COUNT = 32  # a line that is found has so many looked at again, one by one
_COUNT = re.compile(r"(?<!\\)\{([0-9]+)(?:(,)([0-9]*))?\}")
_RUN = re.compile(
    r"(?P<before>\(\?:\^\|\[[^\]]+\]\))\((?P<one>\[[^\]]+\])\{(?P<count>[0-9]+)\}\)(?P<after>.*)"
)
_LACKS = re.compile(r"\^\[\^([^\]]+)\]\*\$")
_COUNTED_MAX = 3  # what automata count, they multiply
_PIECE = re.compile(
    r"\\(?P<escape>.)|\[(?P<members>(?:\\.|[^\]\\])+)\]|(?P<opens>\()|(?P<closes>\))|"
    r"(?P<either>\|)|(?P<times>[?*+]|\{[0-9,]+\})|(?P<plain>.)",
    re.DOTALL,
)


class TokenSearch:
    """The value rules as far as they look at tokens."""

    def __init__(self, rules: Sequence[ValueRule]) -> None:
        """Hold the rules; they are compiled at the first search: short programs make none."""
        self._rules = rules

    def suspects(self, texts: Collection[str]) -> list[str]:
        """Return the texts that are no tokens or that a rule might refuse; length is not asked."""
        found: list[str] = []
        listed = list(texts)
        finds = self._search.finds
        for start in range(0, len(listed), _TOGETHER_MAX_COUNT):
            some = listed[start : start + _TOGETHER_MAX_COUNT]
            lines = "\n".join(some)
            if finds(lines) or lines.count("\n") != len(some) - 1:
                found += [text for text in some if "\n" in text or finds(text)]
        return found

    @cached_property
    def _search(self) -> LineSearch:
        at_boundary, elsewhere, runs = [_NO_TOKEN], list[str](), list[str]()
        for rule in self._rules:
            patterns = [pattern for pattern in rule.patterns if not needs_foreign(pattern)]
            if not rule.keywords:  # the length is all that such a pattern goes by
                runs += [_no_exception(pattern, rule.unless) for pattern in patterns]
            elif any(map(_KEYWORD.fullmatch, rule.keywords)):
                for pattern in patterns:
                    starts = pattern.removeprefix("(?i)").startswith(("(?:^|", "^"))
                    (at_boundary if starts else elsewhere).append(
                        _COUNT.sub(_counted_less, pattern)
                    )
        return LineSearch([at_boundary, elsewhere, [*runs, *BASE64_WHOLE], BASE64_INSIDE, HEX])


def _counted_less(count: re.Match[str]) -> str:
    least = int(count[1])
    most = (int(count[3]) if count[3] else None) if count[2] else least
    if most is not None and most <= _COUNTED_MAX:
        return count.group()
    return f"{{{min(least, _COUNTED_MAX)},}}"


def _no_exception(pattern: str, unless: Sequence[str]) -> str:
    """Return a pattern of a fixed number of characters, as far as its first exception lets it hit.

    `^[^A-Z]*$` excepts what has no capital: so a hit has a first one, at whichever place. Most
    hashes have none.
    """
    run, lacks = _RUN.fullmatch(pattern), _LACKS.fullmatch(unless[0]) if unless else None
    if run is None or lacks is None:
        return pattern
    one, count = run["one"], int(run["count"])
    other = _class_without(one, f"[{lacks[1]}]")
    places = [
        f"{other}{{{place}}}[{lacks[1]}]{one}{{{count - 1 - place}}}" for place in range(count)
    ]
    return f"{run['before']}(?:{'|'.join(places)}){run['after']}"


def _class_without(members: str, others: str) -> str:
    left = [
        char
        for char in map(chr, range(128))
        if re.fullmatch(members, char) and not re.fullmatch(others, char)
    ]
    return f"[{''.join(map(re.escape, left))}]"


def needs_foreign(pattern: str) -> bool:
    """Tell whether a pattern surely matches only what holds a character that tokens lack.

    It reads the outermost sequence alone, and says no to whatever it does not understand.
    """
    depth, is_foreign, found = 0, False, False
    for piece in _PIECE.finditer(pattern):
        kind = piece.lastgroup
        if kind == "times":
            found |= is_foreign and piece.group() not in {"?", "*"} and piece.group()[:2] != "{0"
            is_foreign = False
            continue
        found |= is_foreign
        if kind == "either" and depth == 0:
            return False
        depth += (kind == "opens") - (kind == "closes")
        is_foreign = depth == 0 and _is_foreign(piece)
    return found or is_foreign


def _is_foreign(piece: re.Match[str]) -> bool:
    if piece["escape"]:
        return piece["escape"] == "s" or not (
            piece["escape"].isalnum() or piece["escape"] in _MARKS
        )
    if piece["plain"]:
        return not (piece["plain"].isalnum() or piece["plain"] in _MARKS + "^$")
    # A range has a dash, which tokens have; a class of negated or of escaped letters may be any.
    members = (piece["members"] or "a").replace(r"\s", "")
    return members[:1] != "^" and not any(
        (char.isascii() and char.isalnum()) or char in _MARKS for char in members
    )
