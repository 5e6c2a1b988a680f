"""One `<testcase>` of a JUnit file: what tools mean by its attributes and children. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vox_telemetry_client.suite_timings import Case, CaseOutcome
from vox_telemetry_client.timing_names import NAME_MAX_CHARS, Place, place_of

_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?|\.[0-9]+")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")  # Surefire's 1,234.5
_DECIMAL_COMMA = re.compile(r"[0-9]{1,15},[0-9]*")
_NOT_RUN = frozenset({"notrun", "disabled", "skipped", "ignored"})
_CHILDREN = {
    "failure": CaseOutcome.FAILED,
    "error": CaseOutcome.ERROR,
    "skipped": CaseOutcome.SKIPPED,
}
# Surefire writes a flaky case that passed in the end, or a case that failed again, with these.
_ATTEMPTS = frozenset({"flakyFailure", "flakyError", "rerunFailure", "rerunError"})


class Suite(NamedTuple):
    """What is kept of a suite while its cases are read: where they may count."""

    file: str
    name: str

    @classmethod
    def of(cls, attributes: Mapping[str, str]) -> "Suite":
        """Read a start tag; text that is too long for a name is not held."""
        texts = (attributes.get("file", ""), attributes.get("name", ""))
        return cls(*(text if len(text) <= NAME_MAX_CHARS else "" for text in texts))


@dataclass(frozen=True)
class CaseElement:
    """What is read of a case: nothing but names, a time and what became of it."""

    place: Place
    seconds: float | None
    time_refused: bool
    outcome: CaseOutcome = CaseOutcome.PASSED
    reruns: int = 0

    @classmethod
    def of(cls, attributes: Mapping[str, str], suites: Sequence[Suite]) -> "CaseElement":
        """Read a start tag; `suites` are those around it, outermost first."""
        around = [attributes.get("classname", ""), attributes.get("file", "")]
        for suite in reversed(suites):
            around += suite
        text = attributes.get("time", "").strip()
        seconds = seconds_of(text)
        status = attributes.get("status", "").lower()
        return cls(
            place=place_of(attributes.get("name", ""), around),
            seconds=seconds,
            time_refused=bool(text) and seconds is None,
            outcome=CaseOutcome.SKIPPED if status in _NOT_RUN else CaseOutcome.PASSED,
        )

    def with_child(self, tag: str) -> "CaseElement":
        """Return the case as an element inside of it says."""
        if tag in _ATTEMPTS:
            return replace(self, reruns=self.reruns + 1)
        outcome = _CHILDREN.get(tag)
        if outcome is None or self.outcome in {CaseOutcome.FAILED, CaseOutcome.ERROR}:
            return self
        return replace(self, outcome=outcome)

    def case(self) -> Case:
        """Return the case; of one that was skipped the time says nothing."""
        skipped = self.outcome is CaseOutcome.SKIPPED
        return Case(self.outcome, None if skipped else self.seconds, reruns=self.reruns)


def seconds_of(text: str) -> float | None:
    """Return the seconds of a `time`, or None where it is no number of seconds.

    One comma before exactly three digits is taken as Surefire means it, for thousands, unless
    nothing but zero stands before it.
    """
    if _PLAIN.fullmatch(text):
        return float(text)
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    if _DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    return None
