"""Strings against the value rules: which rules refuse one normalised text."""

import re
from collections.abc import Iterator

from vox_telemetry_spec.forbidden.rules import ValueRule, compile_pattern


class _Compiled:
    """One rule's patterns."""

    __slots__ = ("_patterns", "_unless", "id")

    def __init__(self, rule: ValueRule) -> None:
        self.id = rule.id
        self._patterns = [compile_pattern(rule.id, pattern) for pattern in rule.patterns]
        self._unless = [compile_pattern(rule.id, pattern) for pattern in rule.unless]

    def finds(self, text: str) -> bool:
        return any(
            not any(passing.search(hit) for passing in self._unless)
            for pattern in self._patterns
            for hit in _hits(pattern, text)
        )


class ValueMatcher:
    """All value rules, grouped by the keyword that makes one worth looking at."""

    def __init__(self, rules: list[ValueRule]) -> None:
        """Compile the rules.

        Raises:
            RegistryError: a pattern is damaged.

        """
        self._always: list[_Compiled] = []
        by_keyword: dict[str, list[_Compiled]] = {}
        for rule in rules:
            compiled = _Compiled(rule)
            if not rule.keywords:
                self._always.append(compiled)
            for keyword in rule.keywords:
                by_keyword.setdefault(keyword, []).append(compiled)
        self._by_keyword = list(by_keyword.items())

    def rules_in(self, text: str) -> set[str]:
        """Return the ids of the rules that refuse a normalised text."""
        folded = text.lower()
        candidates = {
            rule.id: rule
            for keyword, rules in self._by_keyword
            if keyword in folded
            for rule in rules
        }
        found = {rule_id for rule_id, rule in candidates.items() if rule.finds(text)}
        found.update(rule.id for rule in self._always if rule.finds(text))
        return found


def _hits(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        yield match.group(1) if pattern.groups else match.group()
