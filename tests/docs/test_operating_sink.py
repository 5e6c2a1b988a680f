"""What operating-sink.md says of keys is what the code does."""

import re

from support.checkouts import ROOT
from vox_telemetry_sink.cli.keys.invite import DEFAULT_EXPIRES_HOURS
from vox_telemetry_sink.cli.keys.rotate import DEFAULT_OVERLAP_HOURS
from vox_telemetry_spec import limits
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.taxonomy import Refusal

PAGE = " ".join((ROOT / "docs" / "operating-sink.md").read_text(encoding="utf-8").split())
DAY_S = 86_400


def test_the_figures_are_the_codes() -> None:
    days = limits.INVITE_EXPIRY_MAX_S // DAY_S, limits.ROTATION_OVERLAP_MAX_S // DAY_S
    for sentence in (
        f"{DEFAULT_EXPIRES_HOURS} hours unless you say otherwise, {days[0]} days at most",
        f"for the overlap, {DEFAULT_OVERLAP_HOURS} hours by default and {days[1]} days at most",
        f"{limits.ENROLMENT_RATE_PER_S:g} a second, {limits.ENROLMENT_RATE_BURST} at once",
        f"more than {limits.ENROLMENT_MAX_BYTES:,} bytes",
        f"for {limits.KEY_CACHE_AGE_S:g} second and then asks",
        f"within {2 * limits.KEY_CACHE_AGE_S:g} seconds",
        f"has {limits.ENROLMENT_CODE_CHARS * 5} random bits",
    ):
        assert sentence in PAGE, sentence


def test_the_answers_are_the_codes() -> None:
    answers = re.findall(r"(\d{3}) `([a-z-]+)`", PAGE)
    table = {kind.slug: str(kind.status) for kind in ProblemType}
    assert {"key-expired", "key-not-yet-valid", "key-revoked"} <= {slug for _, slug in answers}
    assert [status for status, _ in answers] == [table[slug] for _, slug in answers]
    rules = set(re.findall(r"`(policy\.[a-z-]+)`", PAGE))
    assert rules == {Refusal.FAMILY_OF_KEY, Refusal.SENSITIVITY_CLASS, Refusal.OPT_IN}
