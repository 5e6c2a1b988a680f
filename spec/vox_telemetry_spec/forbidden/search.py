"""Whether one of many patterns is found anywhere, in one walk each, by the validator's engine.

That is Rust's `regex`: automata, linear in the text whatever the patterns. Both ends have it for
the contracts already.
"""

from collections.abc import Sequence

import jsonschema_rs


class LineSearch:
    """Patterns, compiled; `^` and `$` are the ends of a line."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        """Compile one automaton a group.

        Patterns whose starts look alike share states, and cost little together. Others multiply
        them, so that the automaton outgrows its memory and is thrown away and built over and over.
        """
        found = [{"pattern": _alternatives(group)} for group in groups]
        self._validator = jsonschema_rs.validator_for(
            {"anyOf": found}, pattern_options=jsonschema_rs.RegexOptions(), offline=True
        )

    def finds(self, text: str) -> bool:
        """Tell whether a pattern of any group is found in the text."""
        return self._validator.is_valid(text)


def _alternatives(patterns: Sequence[str]) -> str:
    return "(?m)" + "|".join(f"(?:{pattern})" for pattern in patterns)
