"""The walk over an event: every name and every string, answered with places and rule ids.

Most strings repeat (names, units, lanes), so those found clean are remembered; a string that was
refused is never kept. Everything else goes through `_rules_of_text`: the value rules on the one
spelling, then on what it holds in an encoded form.
"""

import re
from collections.abc import Collection, Iterator

from vox_telemetry_spec.forbidden.decode import decoded_texts, json_parts
from vox_telemetry_spec.forbidden.names import NameMatcher
from vox_telemetry_spec.forbidden.normalise import Normaliser
from vox_telemetry_spec.forbidden.rules import (
    ValueRule,
    load_name_rules,
    load_normalisation,
    load_value_rules,
)
from vox_telemetry_spec.forbidden.tokens import TokenSearch
from vox_telemetry_spec.forbidden.values import ValueMatcher
from vox_telemetry_spec.strict_json import JsonObject, JsonValue
from vox_telemetry_spec.violations import HIDDEN_NAME, Violation, child

LONG_TEXT_RULE = "content.long-text"
NESTED_TEXT_RULE = "content.nested-text"
_DECODED_MAX_DEPTH = 3  # JSON in base64 in percent: deeper nesting is no accident
_DECODED_MAX_TEXTS = 256  # of one string; real ones hold none
_MEMO_MAX_STRINGS = 16_384
_MEMO_MAX_CHARS = 160
_ALONE_MAX_TEXTS = 400  # cost as much as compiling the search for many together does: 15 ms
# What real events are made of, and what few rules can match: short words of few humps with dots and
# dashes between them.
_PLAIN = re.compile(
    r"(?:_{0,2}+[A-Z]{0,5}+[a-z]{1,14}+(?:[A-Z]{1,5}+[a-z]{1,14}+){0,5}+(?:[A-Z]{2,3})?+[0-9]{0,5}+"
    r"(?:[._-]{1,2}+|$))++"
)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z")


class Scanner:
    """The rules, compiled; one for a process's life. It holds no event and no refused string."""

    def __init__(
        self, names: NameMatcher, rules: list[ValueRule], normalise: Normaliser, text_max_chars: int
    ) -> None:
        """Hold the rules; `load_scanner` reads them from the packaged files."""
        self._names = names
        self._values = ValueMatcher(rules)
        self._tokens = TokenSearch(rules)
        # A rule with an example made of plain words may refuse plain texts; the others cannot.
        self._plain_values = ValueMatcher(
            [rule for rule in rules if any(map(_PLAIN.fullmatch, rule.matches))]
        )
        self._normalise = normalise
        self._text_max_chars = text_max_chars
        self._clean_names: set[str] = set()
        self._clean_texts: set[str] = set()
        self._met_texts = 0

    def scan(self, event: JsonObject, index: int) -> list[Violation]:
        """Return the refused places of an event; pointers are relative to it."""
        if self._is_clean(event):
            return []
        return sorted({Violation(index, *found) for found in self._walk(event, "")})

    def clean_texts(self, texts: Collection[str]) -> bool:
        """Tell whether no rule refuses any of these strings.

        Of many at once, the rules look only at those that could be refused.
        """
        new = set(texts) - self._clean_texts
        if not new:
            return True
        self._met_texts += len(new)
        if self._met_texts < _ALONE_MAX_TEXTS or len(max(new, key=len)) > _MEMO_MAX_CHARS:
            return not any(map(self._rules_of_text, new))
        if any(map(self._rules_of_text, self._tokens.suspects(new))):
            return False
        if len(self._clean_texts) >= _MEMO_MAX_STRINGS:
            self._clean_texts.clear()
        self._clean_texts |= new
        return True

    def clean_names(self, names: Collection[str]) -> bool:
        """Tell whether no rule refuses any of these member names."""
        return self._clean_names.issuperset(names) or not any(
            self._name(name, "")[1] for name in names
        )

    def forget(self) -> None:
        """Forget which strings were found clean, as a new process has."""
        self._clean_names.clear()
        self._clean_texts.clear()

    def _is_clean(self, event: JsonObject) -> bool:
        """Tell whether nothing is refused, without places; lists are left to the walk.

        Types are compared, not asked for: JSON has no subclasses, and every event passes here.
        """
        names, texts = self._clean_names, self._clean_texts
        objects = [event]
        for value in objects:  # grows while it is read
            if not names.issuperset(value) and any(self._name(name, "")[1] for name in value):
                return False
            for member in value.values():
                if type(member) is str:
                    if member not in texts and self._rules_of_text(member):
                        return False
                elif type(member) is dict:
                    objects.append(member)
                elif type(member) is list:
                    return False
        return True

    def _walk(self, value: JsonValue, pointer: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, str):
            for rule in self._rules_of_text(value):
                yield pointer, rule
        elif isinstance(value, dict):
            for name, member in value.items():
                inner, rules = self._name(name, pointer)
                for rule in rules:
                    yield inner, rule
                yield from self._walk(member, inner)
        elif isinstance(value, list):
            for position, member in enumerate(value):
                yield from self._walk(member, child(pointer, position))

    def _name(self, name: str, pointer: str) -> tuple[str, set[str]]:
        """Return the member's pointer (hidden if the name itself is a secret) and its rules."""
        if name in self._clean_names:
            return child(pointer, name), set()
        by_value = self._rules_of_text(name)
        rules = by_value | self._names.rules_in(self._normalise(name))
        if not rules:
            _remember(self._clean_names, name)
        return (f"{pointer}/{HIDDEN_NAME}" if by_value else child(pointer, name)), rules

    def _rules_of_text(self, text: str) -> set[str]:
        if text in self._clean_texts:
            return set()
        if len(text) > self._text_max_chars:
            return {LONG_TEXT_RULE}
        if _MOMENT.fullmatch(text):
            found = set()
        elif _PLAIN.fullmatch(text):
            found = self._plain_values.rules_in(text)
        else:
            found = self._rules_inside(text)
        if not found:
            _remember(self._clean_texts, text)
        return found

    def _rules_inside(self, text: str) -> set[str]:
        """Return the rules that refuse a text or what it holds, decoded layer by layer."""
        found: set[str] = set()
        seen: set[str] = set()
        layer = {self._normalise(text)}
        for _ in range(_DECODED_MAX_DEPTH + 1):
            seen |= layer
            if len(seen) > _DECODED_MAX_TEXTS:
                return found | {NESTED_TEXT_RULE}  # what cannot be looked at is not sent
            for spelled in layer:
                found |= self._values.rules_in(spelled)
            inner = {part for spelled in layer for part in self._parts(spelled, found)}
            layer = {self._normalise(part) for part in inner} - seen
        return found

    def _parts(self, text: str, found: set[str]) -> Iterator[str]:
        """Yield the texts inside one; as a JSON document it also adds what its names break."""
        yield from decoded_texts(text)
        try:
            names, texts = json_parts(text)
        except RecursionError:
            found.add(NESTED_TEXT_RULE)
            return
        for name in set(names):
            found |= self._names.rules_in(self._normalise(name))
        yield from names
        yield from texts


def load_scanner() -> Scanner:
    """Return a scanner of the packaged rules; build it once.

    Raises:
        RegistryError: a packaged file is damaged.

    """
    tables = load_normalisation()
    return Scanner(
        NameMatcher(load_name_rules()),
        load_value_rules(),
        Normaliser(tables),
        tables.text_max_chars,
    )


def _remember(clean: set[str], text: str) -> None:
    if len(clean) >= _MEMO_MAX_STRINGS:
        clean.clear()
    if len(text) <= _MEMO_MAX_CHARS:
        clean.add(text)
