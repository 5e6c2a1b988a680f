"""The walk over an event: every name and every string, answered with places and rule ids.

Most strings repeat (names, units, lanes), so those found clean are remembered; a string that was
refused is never kept. Everything else goes through `_rules_of_text`: the value rules on the one
spelling, then on what it holds in an encoded form.
"""

import json
import re
from collections.abc import Iterator

from vox_telemetry_spec.forbidden.decode import decoded_texts
from vox_telemetry_spec.forbidden.names import NameMatcher
from vox_telemetry_spec.forbidden.normalise import Normaliser
from vox_telemetry_spec.forbidden.rules import (
    load_name_rules,
    load_normalisation,
    load_value_rules,
)
from vox_telemetry_spec.forbidden.values import ValueMatcher
from vox_telemetry_spec.strict_json import JsonObject, JsonValue
from vox_telemetry_spec.violations import HIDDEN_NAME, Violation, child

LONG_TEXT_RULE = "content.long-text"
_DECODED_MAX_DEPTH = 3  # JSON in base64 in percent: deeper nesting is no accident
_MEMO_MAX_STRINGS = 16_384
_MEMO_MAX_CHARS = 160
# What real events are made of: words with dots and dashes, and the moment they were recorded at.
_PLAIN = re.compile(
    r"(?:[A-Za-z]?[a-z]{1,11}+(?:[A-Z][a-z]{1,11}+){0,3}+[0-9]{0,2}+(?:[._-]|$))++"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z"
)


class Scanner:
    """The rules, compiled; one for a process's life. It holds no event and no refused string."""

    def __init__(
        self, names: NameMatcher, values: ValueMatcher, normalise: Normaliser, text_max_chars: int
    ) -> None:
        """Hold the compiled rules; `load_scanner` builds them from the packaged files."""
        self._names = names
        self._values = values
        self._normalise = normalise
        self._text_max_chars = text_max_chars
        self._clean_names: set[str] = set()
        self._clean_texts: set[str] = set()

    def scan(self, event: JsonObject, index: int) -> list[Violation]:
        """Return the refused places of an event; pointers are relative to it."""
        if self._is_known_clean(event):
            return []
        return sorted({Violation(index, *found) for found in self._walk(event, "")})

    def clean_text(self, text: str) -> bool:
        """Tell whether no rule refuses a text."""
        return not self._rules_of_text(text)

    def _is_known_clean(self, value: JsonObject) -> bool:
        """Tell whether all names and strings were seen before; nested lists are walked instead."""
        if not self._clean_names.issuperset(value):
            return False
        texts = self._clean_texts
        for member in value.values():
            kind = type(member)
            if kind is str:
                if member not in texts:
                    return False
            elif kind is dict:
                if not self._is_known_clean(member):  # type: ignore[arg-type]  # `kind` says dict
                    return False
            elif kind is list:
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
        found = set() if _PLAIN.fullmatch(text) else self._rules_inside(text, _DECODED_MAX_DEPTH)
        if not found:
            _remember(self._clean_texts, text)
        return found

    def _rules_inside(self, text: str, depth: int) -> set[str]:
        spelled = self._normalise(text)
        found = self._values.rules_in(spelled)
        if depth == 0:
            return found
        found |= self._rules_of_json(spelled)
        for inner in decoded_texts(spelled):
            if inner != spelled:
                found |= self._rules_inside(inner, depth - 1)
        return found

    def _rules_of_json(self, text: str) -> set[str]:
        """Return the rules that a text breaks as a JSON document of its own."""
        if text.lstrip()[:1] not in {"{", "[", '"'}:
            return set()
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return set()  # not JSON after all; the value rules have seen it as it is
        return {rule for _, rule in self._walk(document, "")}


def load_scanner() -> Scanner:
    """Return a scanner of the packaged rules; build it once.

    Raises:
        RegistryError: a packaged file is damaged.

    """
    tables = load_normalisation()
    return Scanner(
        NameMatcher(load_name_rules()),
        ValueMatcher(load_value_rules()),
        Normaliser(tables),
        tables.text_max_chars,
    )


def _remember(clean: set[str], text: str) -> None:
    if len(clean) >= _MEMO_MAX_STRINGS:
        clean.clear()
    if len(text) <= _MEMO_MAX_CHARS:
        clean.add(text)
