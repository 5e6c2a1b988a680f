from pathlib import Path

from vox_telemetry_client.listing import id_at, scan

# RFC 9562 appendix A.6: 2022-02-22T19:22:22Z, 0x017F22E279B0 ms
RFC_ID = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
RFC_S = 1_645_557_742.0


def test_ids_sort_by_the_time_they_were_made() -> None:
    assert id_at(RFC_S) == "017f22e2-79b0"
    assert id_at(RFC_S) < RFC_ID < id_at(RFC_S + 0.001)
    assert id_at(-1.0) == "00000000-0000"


def test_a_room_is_listed(tmp_path: Path) -> None:
    later = f"2{RFC_ID[1:]}"
    for name in (f"{RFC_ID}.json", f"{later}.json"):
        (tmp_path / name).write_bytes(b"12")
    (tmp_path / "notes.txt").write_bytes(b"123")
    found = scan(tmp_path, old_before_s=RFC_S, earlier_than_s=RFC_S + 0.001)
    assert (found.batches.count, found.batches.first) == (2, [RFC_ID, later])
    assert (found.foreign.first, found.foreign_bytes) == (["notes.txt"], 3)
    assert (found.old, found.earlier, found.sums.batches) == (0, 1, 2)
