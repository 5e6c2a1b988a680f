import pytest

from vox_telemetry_spec.taxonomy import SensitivityClass, TransmissionClass


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
