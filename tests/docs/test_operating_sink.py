"""What operating-sink.md says of keys is what the code does."""

import re

from prometheus_client import REGISTRY

import vox_telemetry_sink.metrics  # noqa: F401 -- its names stand in the registry
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


def test_the_figures_of_operation_are_the_codes() -> None:
    for sentence in (
        (
            f"started again after {limits.EMBEDDED_RESTART_WAIT_MIN_S:g} second, and after up to "
            f"{limits.EMBEDDED_RESTART_WAIT_MAX_S:g} seconds"
        ),
        f"gives up on the database after {limits.READY_DEADLINE_S:g} seconds",
        f"{limits.REQUEST_ID_MIN_CHARS} to {limits.REQUEST_ID_MAX_CHARS} characters",
        f"{limits.RATE_PER_S:g} requests a second, {limits.RATE_BURST} at once",
        (
            f"more than {limits.CHECK_INLINE_MAX_BYTES:,} bytes are checked in "
            f"{limits.CHECK_THREADS_MAX_COUNT} threads beside the event loop, at most "
            f"{limits.CHECKS_PER_KEY_MAX_COUNT} of one key"
        ),
        (
            f"took more than {limits.CHECK_INLINE_MAX_S:g} seconds is treated so for "
            f"{limits.CHECK_BESIDE_S:g} seconds"
        ),
        f"At most {limits.QUEUE_MAX_BATCHES} batches wait",
        f"Above {limits.CONNECTIONS_MAX_COUNT} connections",
        f"after {limits.DRAIN_DEADLINE_S} seconds at the latest",
        (
            f"warns below {limits.DISK_FREE_WARN_BYTES / 2**30:g} GiB, fails below "
            f"{limits.DISK_FREE_FAIL_BYTES / 2**30:g} GiB"
        ),
        (
            f"warns above {limits.STORE_CLOCK_WARN_S:g} seconds, fails above "
            f"{limits.SIGNATURE_MAX_SKEW_S}"
        ),
    ):
        assert sentence in PAGE, sentence


def test_every_check_and_metric_is_listed_and_no_other() -> None:
    sink = ROOT / "sink" / "vox_telemetry_sink"
    code = "".join((sink / f"{name}.py").read_text("utf-8") for name in ("doctor", "health"))
    for file in ("cli/doctor.py",):
        code += (sink / file).read_text("utf-8")
    ids = r"sink\.[DE]\d{3}"
    assert set(re.findall(ids, PAGE)) == set(re.findall(ids, code))
    listed = set(re.findall(r"`(vox_sink_[a-z_]+)", PAGE))
    served = {
        family.name + "_total" * (family.type == "counter")
        for family in REGISTRY.collect()
        if family.name.startswith("vox_sink_")
    }
    assert listed == served
