"""Strings against the value rules: which rules refuse one normalised text."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from vox_telemetry_spec.forbidden.rules import ValueRule, compile_pattern


class _Compiled:
    """One rule's patterns, compiled when a text first needs them.

    All together take 40 ms, which is most of a program's start.
    """

    def __init__(self, rule: ValueRule) -> None:
        self.id = rule.id
        self.keywords = rule.keywords
        self._rule = rule

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [compile_pattern(self.id, pattern) for pattern in self._rule.patterns]

    @cached_property
    def _unless(self) -> list[re.Pattern[str]]:
        return [compile_pattern(self.id, pattern) for pattern in self._rule.unless]

    def finds(self, text: str) -> bool:
        return any(
            not any(passing.search(hit) for passing in self._unless)
            for pattern in self._patterns
            for hit in _hits(pattern, text)
        )


class ValueMatcher:
    """Value rules, grouped by the keyword that makes one worth looking at."""

    def __init__(self, rules: list[ValueRule]) -> None:
        """Hold the rules by keyword."""
        compiled = [_Compiled(rule) for rule in rules]
        self._always = [rule for rule in compiled if not rule.keywords]
        self._by_keyword: dict[str, list[_Compiled]] = {}
        for rule in compiled:
            for keyword in rule.keywords:
                self._by_keyword.setdefault(keyword, []).append(rule)

        self._any_keyword = re.compile(_trie(self._by_keyword))

    def rules_in(self, text: str) -> set[str]:
        """Return the ids of the rules that refuse a normalised text.

        Raises:
            RegistryError: a pattern is damaged.

        """
        folded = text.lower()
        candidates = set(self._always)
        if self._any_keyword.search(folded):
            for keyword, rules in self._by_keyword.items():
                if keyword in folded:
                    candidates.update(rules)
        return {rule.id for rule in candidates if rule.finds(text)}


def _trie(words: Iterable[str]) -> str:
    """Return a pattern of words by their common beginnings, twice as quick as their list."""
    ends: dict[str, list[str]] = {}
    for word in words:
        ends.setdefault(word[0], []).append(word[1:])
    branches = [
        re.escape(first) + ("" if "" in rest else _trie(rest)) for first, rest in ends.items()
    ]
    return f"(?:{'|'.join(branches)})"


def _hits(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        yield match.group(1) if pattern.groups else match.group()
