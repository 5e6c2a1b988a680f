"""Are two JSON texts the same document? Postgres writes numbers in its own way."""

import json
from decimal import Decimal
from typing import Any


def same_json(one: bytes, other: bytes) -> bool:
    """Compare two documents: names in any order, numbers by their exact value, types apart.

    `1`, `1.0` and `1e0` are the same number, which jsonb keeps exactly; `true` is none of them.
    """
    return _same(_read(one), _read(other))


def _read(text: bytes) -> Any:  # noqa: ANN401 -- any JSON value
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 -- as above
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
