from uuid import UUID

import pytest

from vox_telemetry_spec.uuid7 import RANDOM_BYTES, is_uuid7, uuid7

# RFC 9562 appendix A.6: unix_ts_ms 0x017F22E279B0, rand_a 0xCC3, rand_b 0b01, 0x8C4DC0C0C07398F.
RFC_9562_A6 = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
RFC_9562_A6_RANDOM = bytes.fromhex("0cc3" + "18c4dc0c0c07398f")


def test_makes_the_example_of_rfc_9562() -> None:
    assert uuid7(0x017F22E279B0, RFC_9562_A6_RANDOM) == RFC_9562_A6


@pytest.mark.parametrize("random", [bytes(RANDOM_BYTES), b"\xff" * RANDOM_BYTES])
@pytest.mark.parametrize("unix_ms", [0, 1_764_000_000_000, 2**48 - 1])
def test_version_and_variant_hold_whatever_the_randomness(unix_ms: int, random: bytes) -> None:
    made = UUID(uuid7(unix_ms, random))
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == unix_ms
    assert is_uuid7(str(made))


def test_every_one_of_the_74_random_bits_counts() -> None:
    ids = {uuid7(1, (1 << bit).to_bytes(RANDOM_BYTES)) for bit in range(8 * RANDOM_BYTES)}
    assert len(ids) == 74 + 1  # the 6 bits that are fixed make one and the same id


def test_ids_sort_by_time() -> None:
    ids = [uuid7(ms, b"\xff" * RANDOM_BYTES) for ms in (1, 2, 255, 256, 2**40)]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    "text",
    [
        "",
        RFC_9562_A6.upper(),
        f"{{{RFC_9562_A6}}}",
        f"urn:uuid:{RFC_9562_A6}",
        RFC_9562_A6.replace("-", ""),
        RFC_9562_A6 + "\n",
        RFC_9562_A6 + "0",
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",  # version 4
        "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",  # another variant
        "017f22e2-79b0-7cc3-78c4-dc0c0c07398f",
        "017f22g2-79b0-7cc3-98c4-dc0c0c07398f",
        "\u0660" + RFC_9562_A6[1:],
    ],
)
def test_other_spellings_and_versions_are_no_batch_id(text: str) -> None:
    assert not is_uuid7(text)
