"""The spool spoilt in each way that is looked for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.client_world import file_size_limit, new_spool, put
from vox_telemetry_spec.problems import Problem


def test_spool_path_is_told_and_not_made(healthy, doctor, spool_root: Path) -> None:
    assert doctor()["spool.path"]["found"] == f"{spool_root} (not made yet)"
    new_spool(spool_root)
    assert doctor()["spool.path"]["found"] == str(spool_root)


def test_spool_mode(healthy, doctor, spool_root: Path) -> None:
    new_spool(spool_root).folder.pending.chmod(0o755)
    found = doctor()
    assert found["spool.mode"]["state"] == "fail"
    assert "has mode 0755, expected 0700" in found["spool.mode"]["found"]
    assert found["spool.pending"]["found"] == "the spool cannot be read, see spool.mode"


def test_spool_write(healthy, doctor, spool_root: Path) -> None:
    new_spool(spool_root)
    with file_size_limit(0):
        found = doctor("--offline")["spool.write"]
    assert (found["state"], "file too large" in found["found"]) == ("fail", True)
    assert list((spool_root / "tmp").iterdir()) == []


def test_spool_quota(healthy, doctor, spool_root: Path) -> None:
    spool = new_spool(spool_root)
    [batch] = put(spool)
    size = len(batch.payload)
    for quota, state in ((size, "fail"), (size + 1, "warn"), (size * 2, "ok")):
        healthy.monkeypatch.setenv("VOX_TELEMETRY_SPOOL_MAX_BYTES", str(quota))
        found = doctor()["spool.quota"]
        assert (found["state"], found["found"]) == (state, f"{size} of {quota} bytes are used")


def test_spool_disk(healthy, doctor, spool_root: Path) -> None:
    healthy.monkeypatch.setenv("VOX_TELEMETRY_SPOOL_MAX_BYTES", str(10**17))
    assert doctor()["spool.disk"]["state"] == "warn"  # no disk is so large
    healthy.monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5}))
    found = doctor()["spool.disk"]
    assert (found["state"], found["found"][:16]) == ("fail", "5 bytes are free")


def test_spool_pending_too_long(healthy, doctor, spool_root: Path) -> None:
    put(new_spool(spool_root), now=datetime.now(UTC) - timedelta(days=8))
    found = doctor()["spool.pending"]
    assert found["state"] == "warn"
    assert found["found"] == "1 batch, 3 events; 1 has waited for more than 7 days"


def test_spool_pending_from_before_consent(healthy, doctor, spool_root: Path) -> None:
    put(new_spool(spool_root), now=datetime(1999, 1, 1, tzinfo=UTC))
    healthy.monkeypatch.setattr("vox_telemetry_client.overview.BATCH_OLD_AFTER_S", 10**12)
    found = doctor()
    assert "--include-pending" in found["spool.pending"]["advice"]
    assert found["next"]["found"] == "nothing is waiting"


def test_spool_rejected(healthy, doctor, spool_root: Path) -> None:
    spool = new_spool(spool_root)
    [batch] = put(spool)
    spool.set_aside(batch.batch_id, Problem(title="t"))
    found = doctor()["spool.rejected"]
    assert (found["state"], found["found"]) == ("warn", "1 batch was set aside")


def test_spool_journal(healthy, doctor, spool_root: Path) -> None:
    spool = new_spool(spool_root)
    [batch] = put(spool)
    (spool_root / "pending" / f"{batch.batch_id}.json").unlink()
    (spool_root / "pending" / "notes.txt").write_text("x")
    with (spool_root / "journal.jsonl").open("ab") as file:
        file.write(b"{\n")
    found = doctor()["spool.journal"]
    assert found["state"] == "warn"
    for what in ("1 unreadable line", "1 batch whose file is gone", "1 foreign name in"):
        assert what in found["found"]
