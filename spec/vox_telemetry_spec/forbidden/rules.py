"""The rules as data: what `contracts/forbidden/*.json` declares, read once and checked.

JSON and not YAML, because every start of either program reads the files: PyYAML needs 80 times as
long for them, and a JSON reader comes with every language.
"""

import re
from typing import TypeVar

import msgspec

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RegistryError

FOLDER = "contracts/forbidden"
VALUE_FILES = ("content", "paths", "remotes", "stacks", "secrets", "identifiers")
_T = TypeVar("_T")


class ValueRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One shape of a string: a hit of any of `patterns` that none of `unless` finds is refused.

    A pattern is looked for only in texts that hold one of `keywords` (compared without case); an
    empty list means always. A hit is the pattern's first group, else all that it matched.
    """

    id: str
    reason: str
    keywords: list[str]
    patterns: list[str]
    unless: list[str] = []
    matches: list[str]
    passes: list[str]


class NameRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Phrases (words in a row) that a member name must not hold; words are lower case.

    `anywhere` applies to any place in the name, `last` to its end, `whole` to all of it. A name
    that is a measure (`prompt_tokens`) passes; a digest only where `digest_passes`.
    """

    id: str
    reason: str
    anywhere: list[str] = []
    last: list[str] = []
    whole: list[str] = []
    passing_phrases: list[str] = []
    digest_passes: bool
    matches: list[str]
    passes: list[str]


class NameRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The name rules with the words that make a name a measure."""

    schema_version: int
    measures: list[str]
    measure_ends: list[str]
    measure_starts: list[str]
    digest_ends: list[str]
    content_ends: list[str]
    plain_words: list[str]
    rules: list[NameRule]


class _ValueRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema_version: int
    rules: list[ValueRule]


class Normalisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Characters that are dropped (ranges, both ends included) and those that stand for another."""

    schema_version: int
    text_max_chars: int
    ignorable: list[tuple[str, str]]
    confusable: dict[str, str]


def load_value_rules() -> list[ValueRule]:
    """Return the value rules of all files, in the order of VALUE_FILES.

    Raises:
        RegistryError: a packaged file is damaged.

    """
    return [rule for name in VALUE_FILES for rule in _load(name, _ValueRules).rules]


def load_name_rules() -> NameRules:
    """Return the name rules.

    Raises:
        RegistryError: the packaged file is damaged.

    """
    return _load("names", NameRules)


def load_normalisation() -> Normalisation:
    """Return the character tables.

    Raises:
        RegistryError: the packaged file is damaged.

    """
    return _load("normalisation", Normalisation)


def compile_pattern(rule_id: str, pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern; `.` and classes mean what they mean in RE2.

    Raises:
        RegistryError: no valid pattern.

    """
    try:
        return re.compile(pattern)
    except re.error as exc:
        raise RegistryError(f"pattern of rule {rule_id} is damaged: {exc}") from exc


def _load(name: str, shape: type[_T]) -> _T:
    path = f"{FOLDER}/{name}.v1.json"
    try:
        return msgspec.json.decode(read_contract(path), type=shape)
    except (OSError, msgspec.DecodeError) as exc:
        raise RegistryError(f"{path} is damaged, reinstall vox-telemetry: {exc}") from exc
