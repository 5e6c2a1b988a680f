"""Which texts does a closed contract leave open? Only these need the forbidden-field rules.

A contract proves the rest: a declared name, a constant, an enum, a number or a time can hold
nothing that the rules have not seen already, since `plan` refuses a contract of which a declared
name or constant is itself refused. What it cannot read it refuses too; such events are scanned
whole.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, Protocol, TypeAlias

import msgspec

_SchemaNode: TypeAlias = "Mapping[str, Any]"
_SCALARS = {"number", "integer", "boolean", "null"}
# As every contract spells a time; digits and marks in fixed places hold no text.
TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$"


class NotPlannedError(Exception):
    """A contract that this file cannot read, or one whose own words are refused."""


class Column(NamedTuple):
    """The distinct open texts from one place of many events, and the pattern that they must fit."""

    texts: set[str]
    pattern: str
    are_names: bool


class Plan(Protocol):
    """Where the open texts of a value lie."""

    def collect(self, values: Sequence[Any], columns: list[Column]) -> None:
        """Append the open texts of values that obey the contract, column by column."""


class Proven(msgspec.Struct, frozen=True):
    """Nothing of the sender's choice."""

    def collect(self, values: Sequence[Any], columns: list[Column]) -> None:
        """Append nothing."""


class Open(msgspec.Struct, frozen=True):
    """A string of the sender's choice; where others may stand too, `or_other`."""

    pattern: str
    or_other: bool

    def collect(self, values: Sequence[Any], columns: list[Column]) -> None:
        """Append the strings."""
        texts = {one for one in values if type(one) is str} if self.or_other else set(values)
        columns.append(Column(texts, self.pattern, are_names=False))


class Members(msgspec.Struct, frozen=True):
    """An object of declared members, those with something open inside."""

    inside: dict[str, Plan]

    def collect(self, values: Sequence[Any], columns: list[Column]) -> None:
        """Append what each member holds; mostly all values have it."""
        for name, inner in self.inside.items():
            try:
                members = list(map(itemgetter(name), values))
            except KeyError:
                members = [value[name] for value in values if name in value]
            inner.collect(members, columns)


class Named(msgspec.Struct, frozen=True):
    """An object whose names are the sender's choice too, as far as a pattern lets them."""

    pattern: str
    value: Plan

    def collect(self, values: Sequence[Any], columns: list[Column]) -> None:
        """Append the distinct names, then what the values hold."""
        columns.append(Column(set().union(*values), self.pattern, are_names=True))
        self.value.collect(list(chain.from_iterable(map(dict.values, values))), columns)


class Items(msgspec.Struct, frozen=True):
    """An array."""

    item: Plan

    def collect(self, values: Sequence[Any], columns: list[Column]) -> None:
        """Append what the items hold."""
        self.item.collect(list(chain.from_iterable(values)), columns)


def plan(schema: _SchemaNode, is_clean: Callable[[str], bool]) -> Plan:
    """Return where the open texts of a contract lie; `is_clean` judges names and constants.

    Raises:
        NotPlannedError: see there.

    """
    return _Planner(schema, is_clean).plan(schema)


def without_open_patterns(node: Any) -> Any:  # noqa: ANN401 -- any part of a JSON document
    """Return a contract without the patterns that a plan's columns carry.

    They cost half of a batch's validation, and texts repeat: whoever holds the columns compares
    each distinct text once.
    """
    if isinstance(node, Mapping):
        kept = {key: inner for key, inner in node.items() if key != "propertyNames"}
        if node.get("type") == "string" and node.get("pattern") != TIME_PATTERN:
            kept.pop("pattern", None)
        return {key: without_open_patterns(inner) for key, inner in kept.items()}
    return [without_open_patterns(item) for item in node] if isinstance(node, list) else node


def _name_pattern(node: _SchemaNode) -> str:
    names = node.get("propertyNames", {})
    if list(names) != ["pattern"]:
        raise NotPlannedError
    return str(names["pattern"])


class _Planner:
    def __init__(self, root: _SchemaNode, is_clean: Callable[[str], bool]) -> None:
        self._root = root
        self._is_clean = is_clean

    def plan(self, node: _SchemaNode) -> Plan:
        node = self._resolved(node)
        if "const" in node or "enum" in node:
            return self._constants([node["const"]] if "const" in node else node["enum"])
        if "anyOf" in node:
            return self._either([self.plan(branch) for branch in node["anyOf"]])
        kinds = node.get("type", [])
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        if (kinds and kinds <= _SCALARS) or node.get("pattern") == TIME_PATTERN:
            return Proven()
        if "string" in kinds and kinds <= {"string", *_SCALARS}:
            return Open(str(node.get("pattern", "")), or_other=kinds != {"string"})
        if kinds == {"array"} and "items" in node:
            return Items(self.plan(node["items"]))
        if kinds == {"object"}:
            return self._object(node)
        raise NotPlannedError

    def _object(self, node: _SchemaNode) -> Plan:
        others = node.get("additionalProperties", True)
        if isinstance(others, Mapping) and "properties" not in node:
            return Named(_name_pattern(node), self.plan(others))
        if others is not False:
            raise NotPlannedError
        members = {name: self.plan(inner) for name, inner in node["properties"].items()}
        self._constants(list(members))
        return Members({name: inner for name, inner in members.items() if inner != Proven()})

    def _constants(self, values: Sequence[Any]) -> Plan:
        if not all(self._is_clean(value) for value in values if isinstance(value, str)):
            raise NotPlannedError
        return Proven()

    def _either(self, plans: Sequence[Plan]) -> Plan:
        wanted = [one for one in plans if one != Proven()]
        if not wanted:
            return Proven()
        # An array or object beside a string would make a column of unlike values.
        if len(wanted) == 1 and isinstance(wanted[0], Open):
            return Open(wanted[0].pattern, or_other=True)
        raise NotPlannedError

    def _resolved(self, node: _SchemaNode) -> _SchemaNode:
        while "$ref" in node:
            pointer = str(node["$ref"])
            if not pointer.startswith("#/$defs/"):
                raise NotPlannedError
            node = self._root["$defs"][pointer.removeprefix("#/$defs/")]
        return node
