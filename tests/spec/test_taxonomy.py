from itertools import product

import pytest

from vox_telemetry_spec.taxonomy import (
    Family,
    Refusal,
    SensitivityClass,
    TransmissionClass,
    may_enqueue,
    may_export,
)


def test_sensitivity_is_ordered_from_coarse_to_content() -> None:
    s0, s1, s2, s3 = SensitivityClass
    assert s0 < s1 < s2 < s3
    assert s3 > s0
    assert s2 <= s2  # noqa: PLR0124 - the reflexive case of the ordering is what is tested
    assert max(SensitivityClass) is SensitivityClass.S3


def test_sensitivity_compares_with_nothing_else() -> None:
    with pytest.raises(TypeError, match="not supported"):
        assert SensitivityClass.S0 < "S1"  # type: ignore[operator] # the wrong type is the test


def test_the_transmission_classes_are_those_of_the_trust_document() -> None:
    assert [str(one) for one in TransmissionClass] == [
        "local_only",
        "explicit_operator_export",
        "approved_usage_upload",
    ]


def family(transmission: TransmissionClass, sensitivity: SensitivityClass) -> Family:
    return Family("f", "f.event", "f:<id>", "f.json", sensitivity, transmission, "vox-db")


# Which ceilings let an uploadable family through, not opted in and opted in; nothing else does.
ENQUEUED = {
    "S0": ("S0 S1 S2 S3", "S0 S1 S2 S3"),
    "S1": ("S1 S2 S3", "S1 S2 S3"),
    "S2": ("", "S2 S3"),
    "S3": ("", ""),
}


@pytest.mark.parametrize("opted_in", [False, True])
@pytest.mark.parametrize(
    ("transmission", "sensitivity", "ceiling"),
    list(product(TransmissionClass, SensitivityClass, SensitivityClass)),
)
def test_the_whole_matrix_of_what_may_be_enqueued(
    transmission: TransmissionClass,
    sensitivity: SensitivityClass,
    ceiling: SensitivityClass,
    opted_in: bool,
) -> None:
    agreed = frozenset({"f"} if opted_in else {"another"})
    refusal = may_enqueue(family(transmission, sensitivity), ceiling, agreed)
    if transmission.value != "approved_usage_upload":
        assert refusal is Refusal.TRANSMISSION_CLASS
    elif ceiling.value in ENQUEUED[sensitivity.value][opted_in].split():
        assert refusal is None
    elif sensitivity.value == "S2" and ceiling.value in ("S2", "S3"):
        assert refusal is Refusal.OPT_IN
    else:
        assert refusal is Refusal.SENSITIVITY_CLASS


@pytest.mark.parametrize(
    ("transmission", "exported"),
    [
        ("local_only", ""),
        ("explicit_operator_export", "S0 S1 S2"),
        ("approved_usage_upload", "S0 S1 S2"),
    ],
)
@pytest.mark.parametrize("sensitivity", list(SensitivityClass))
def test_the_whole_matrix_of_what_may_be_exported(
    transmission: str, exported: str, sensitivity: SensitivityClass
) -> None:
    refusal = may_export(family(TransmissionClass(transmission), sensitivity))
    assert (refusal is None) == (sensitivity.value in exported.split())
    if transmission == "local_only":
        assert refusal is Refusal.TRANSMISSION_CLASS
    elif sensitivity.value == "S3":
        assert refusal is Refusal.SENSITIVITY_CLASS


def test_refusals_are_rules_of_the_policy() -> None:
    assert [one.value for one in Refusal] == [
        "policy.transmission-class",
        "policy.sensitivity-class",
        "policy.opt-in",
        "policy.family-of-key",
    ]
