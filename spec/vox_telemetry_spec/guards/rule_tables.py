"""The page of rule ids: what a `Violation` may name, from the rules' own files and the code.

Ids that code gives have their meaning here; a guard compares them with the code, both ways.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from vox_telemetry_spec.guards.checkout import CONTRACTS, PACKAGE, Checkout
from vox_telemetry_spec.guards.errors import GuardError
from vox_telemetry_spec.guards.generated import table
from vox_telemetry_spec.guards.schemas import json_of

RULES = "docs/reference/rules.md"
FORBIDDEN = f"{CONTRACTS}/forbidden/"
MEANINGS = {
    "policy.transmission-class": "the family may not be uploaded: `local_only`, or for export only",
    "policy.sensitivity-class": "more sensitive than this end allows; S3 always",
    "policy.opt-in": "S2, and this end has not opted in to the family",
    "policy.family-of-key": "the sink lets this key send other families only",
    "contract.unknown-metric-type": "the registry has no such metric type",
    "contract.additionalProperties": "a member that the contract does not name",
    "contract.anyOf": "neither a number, a truth value nor a token",
    "contract.const": "another value than the only one allowed",
    "contract.enum": "not one of the words allowed",
    "contract.maxItems": "too many items; at `/events`, too many events in one batch",
    "contract.maxProperties": "too many open measures",
    "contract.maximum": "a number above the greatest allowed",
    "contract.minItems": "too few items",
    "contract.minimum": "a number below the least allowed",
    "contract.pattern": "a string that is no token or hash of the shape named, or too long",
    "contract.propertyNames": "the name of an open measure is not of the shape `[a-z][a-z0-9_]*`",
    "contract.required": "a member is missing",
    "contract.type": "another JSON type; an event that is no object",
    "time.invalid": "no RFC 3339 time in UTC with `Z`",
    "time.in-the-future": "`recorded_at` lies too far ahead of the checker's clock",
    "time.too-old": "`recorded_at` lies too far back",
    "json.syntax": "no JSON",
    "json.encoding": "no UTF-8",
    "json.duplicate-name": "a name twice in one object, also through escapes",
    "json.not-finite": "NaN, Infinity, or a number that overflows a double",
    "json.number-range": "an integer beyond 64 bit signed",
    "json.surrogate": "half of a surrogate pair",
    "json.nul": "U+0000",
    "json.depth": "nested too deep",
    "json.trailing-data": "something after the document",
}
_ID = re.compile(r"(?:json|time|policy|contract)\.[a-zA-Z-]+")
# The keywords of JSON Schema that our contracts use and that can fail.
_ASSERTIONS = frozenset(
    (
        "additionalProperties", "anyOf", "const", "enum", "maxItems", "maxProperties",
        "maximum", "minItems", "minimum", "pattern", "propertyNames", "required", "type",
    )
)  # fmt: skip


class _Rule(msgspec.Struct):
    id: str
    reason: str


class _Rules(msgspec.Struct):
    rules: list[_Rule]


def rule_tables(checkout: Checkout) -> dict[str, dict[str, str]]:
    """Return the generated parts of the page of rules."""
    forbidden = [(f"`{rule.id}`", rule.reason) for rule in _forbidden(checkout)]
    given = [(f"`{rule}`", meaning) for rule, meaning in MEANINGS.items()]
    head = ("rule", "what is refused")
    return {RULES: {"checks": table(head, iter(given)), "forbidden": table(head, iter(forbidden))}}


def rule_ids(checkout: Checkout) -> Iterator[str]:
    """Yield rule ids that the code and MEANINGS do not share."""
    given = {
        node.value
        for path in checkout.paths(f"{PACKAGE}/", ".py")
        if not path.startswith(f"{PACKAGE}/guards/")
        for node in ast.walk(ast.parse(checkout.text(path)))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _ID.fullmatch(node.value)
    } | {f"contract.{keyword}" for keyword in _keywords(checkout)}
    for rule in sorted(given - MEANINGS.keys()):
        yield f"rule '{rule}' is given by the code and has no meaning in guards/rule_tables.py"
    for rule in sorted(MEANINGS.keys() - given):
        yield f"rule '{rule}' has a meaning in guards/rule_tables.py and is given by no code"


def _forbidden(checkout: Checkout) -> Iterator[_Rule]:
    for path in checkout.paths(FORBIDDEN, ".v1.json"):
        document = json_of(checkout.raw(path), path)
        if isinstance(document, dict) and "rules" in document:
            try:
                yield from msgspec.convert(document, _Rules).rules
            except msgspec.ValidationError as exc:
                raise GuardError(f"{path} is no list of rules: {exc}") from exc


def _keywords(checkout: Checkout) -> set[str]:
    schemas = checkout.paths(f"{CONTRACTS}/telemetry/usage-", ".schema.json")
    return {name for path in schemas for name in _names(json_of(checkout.raw(path), path))}


def _names(node: Any) -> Iterator[str]:  # noqa: ANN401 -- any JSON
    """Yield the assertions in a schema; a member that a contract calls `type` does no harm."""
    if isinstance(node, dict):
        yield from _ASSERTIONS & node.keys()
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _names(one)
