"""Do many texts all fit one pattern of a contract? In one walk, where the pattern lets that be."""

import re
from collections.abc import Collection
from functools import cache

# Literals and positive classes with a count, as contracts spell tokens: no such pattern can match a
# line break, so that lines which fit it are texts which fit it.
_OF_A_LINE = re.compile(
    r"\^(?:(?:[A-Za-z0-9:_-]|\\\.|\[[A-Za-z0-9_.:+-]+\])(?:\?|\{[0-9]+(?:,[0-9]*)?\})?)+\$"
)


def all_fit(pattern: str, texts: Collection[str]) -> bool:
    """Tell whether each text fits a contract's pattern."""
    lines = _lines(pattern)
    if lines is None:
        return all(map(_one(pattern).search, texts))
    joined = "\n".join(texts)
    if joined.count("\n") != len(texts) - 1:
        return not texts
    return lines.fullmatch(joined) is not None


@cache
def _lines(pattern: str) -> re.Pattern[str] | None:
    """Return the pattern of lines that all fit, or None for one that lines may not be read by."""
    if _OF_A_LINE.fullmatch(pattern) is None:
        return None
    line = pattern[1:-1]
    return re.compile(rf"{line}(?:\n{line})*")


@cache
def _one(pattern: str) -> re.Pattern[str]:
    """Return a contract's pattern; its `$` means the very end, which Python spells otherwise."""
    return re.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern)
