"""Member names against the name rules, word by word: `rawPrompt` is refused, `prompt_tokens` not.

A name is cut at everything that is no letter, at humps (`promptText`) and, where it is made of known
words only, inside (`prompttext`). Digits say nothing: `prompt2` is a prompt.
"""

import re
from collections.abc import Iterator

from vox_telemetry_spec.forbidden.rules import NameRule, NameRules

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\x00-\x7f]+")
Words = tuple[str, ...]


class NameMatcher:
    """All name rules with the words that tell a measure from its subject."""

    def __init__(self, rules: NameRules) -> None:
        """Index the words."""
        self._rules = [_Phrases(rule) for rule in rules.rules]
        self._measures = frozenset(rules.measures)
        self._measure_ends = frozenset(rules.measure_ends)
        self._measure_starts = frozenset(rules.measure_starts)
        self._digest_ends = frozenset(rules.digest_ends)
        self._content_ends = frozenset(rules.content_ends)
        self._vocabulary = frozenset(_words_of(rules))

    def rules_in(self, name: str) -> set[str]:
        """Return the ids of the rules that refuse a normalised name."""
        words = tuple(
            part for word in _WORD.findall(name) for part in self._known_parts(word.lower())
        )
        if not words or self._is_measure(words):
            return set()
        digest = words[-1] in self._digest_ends
        return {
            rule.id
            for rule in self._rules
            if not (digest and rule.digest_passes) and rule.refuses(words)
        }

    def _is_measure(self, words: Words) -> bool:
        if words[-1] in self._content_ends:
            return False
        return (
            words[-1] in self._measure_ends
            or words[0] in self._measure_starts
            or not self._measures.isdisjoint(words)
        )

    def _known_parts(self, word: str) -> Words:
        """Cut a word into known words (longest first); one that does not come out stays whole."""
        if word in self._vocabulary:
            return (word,)
        for cut in range(len(word) - 2, 1, -1):
            if word[:cut] in self._vocabulary:
                rest = self._known_parts(word[cut:])
                if self._vocabulary.issuperset(rest):
                    return (word[:cut], *rest)
        return (word,)


class _Phrases:
    """One rule's phrases as tuples of words."""

    __slots__ = ("_anywhere", "_last", "_passing", "_whole", "digest_passes", "id")

    def __init__(self, rule: NameRule) -> None:
        self.id = rule.id
        self.digest_passes = rule.digest_passes
        self._anywhere = _split(rule.anywhere)
        self._last = _split(rule.last)
        self._whole = frozenset(_split(rule.whole))
        self._passing = _split(rule.passing_phrases)

    def refuses(self, words: Words) -> bool:
        if any(phrase in _runs(words, len(phrase)) for phrase in self._passing):
            return False
        return (
            words in self._whole
            or any(words[-len(phrase) :] == phrase for phrase in self._last)
            or any(phrase in _runs(words, len(phrase)) for phrase in self._anywhere)
        )


def _split(phrases: list[str]) -> list[Words]:
    return [tuple(phrase.split()) for phrase in phrases]


def _runs(words: Words, length: int) -> Iterator[Words]:
    return (words[start : start + length] for start in range(len(words) - length + 1))


def _words_of(rules: NameRules) -> Iterator[str]:
    yield from rules.measures
    yield from rules.measure_ends
    yield from rules.measure_starts
    yield from rules.digest_ends
    yield from rules.content_ends
    yield from rules.plain_words
    for rule in rules.rules:
        for phrase in (*rule.anywhere, *rule.last, *rule.whole):
            yield from phrase.split()
