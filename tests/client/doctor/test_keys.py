"""Keyrings and keys that fail."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as NoKeyring

from support.cli import run_cli
from support.keyrings import OddKeyring, use_keyring
from vox_telemetry_client import key_list, keyring_door, own_keys
from vox_telemetry_client.key_list import Enrolment
from vox_telemetry_spec.times import format_time


def test_keyring_backend(healthy, doctor) -> None:
    assert doctor()["keyring.backend"]["found"] == "keyring.backends.SecretService.Keyring"
    use_keyring(healthy.monkeypatch, NoKeyring())
    found = doctor()
    assert found["keyring.backend"]["state"] == "fail"
    assert found["keyring.round-trip"]["state"] == "skip"
    assert found["key.current"]["state"] == "fail"


def test_keyring_round_trip_leaves_nothing(healthy, doctor, keyring_backend) -> None:
    kept: list[str] = []
    real = keyring_door.store
    healthy.monkeypatch.setattr(
        keyring_door, "store", lambda user, secret: kept.append(user) or real(user, secret)
    )
    assert doctor()["keyring.round-trip"]["state"] == "ok"
    [entry] = kept
    assert keyring_backend.get_password("vox-telemetry", entry) is None


def test_keyring_round_trip_that_keeps_nothing(healthy, doctor) -> None:
    use_keyring(healthy.monkeypatch, OddKeyring(stored="other"))
    found = doctor()["keyring.round-trip"]
    assert (found["state"], "does not give it back" in found["found"]) == ("fail", True)


def test_a_keyring_that_never_answers_costs_one_wait(healthy, doctor) -> None:
    import time

    asked: list[str] = []

    class Hanging(OddKeyring):
        def set_password(self, *_: str) -> None:
            asked.append("set")
            time.sleep(60)

        def get_password(self, *_: str) -> None:
            asked.append("get")
            time.sleep(60)

    healthy.monkeypatch.setattr(keyring_door, "KEYRING_WAIT_S", 0.3)
    healthy.monkeypatch.delenv("VOX_TELEMETRY_UPLOAD_URL")
    use_keyring(healthy.monkeypatch, Hanging())
    found = doctor()
    assert found["keyring.round-trip"]["state"] == "fail"
    assert "see keyring.round-trip" in found["url"]["found"]
    assert asked == ["set"]


def test_key_current(healthy, doctor) -> None:
    key_id = key_list.read().current
    assert doctor()["key.current"]["found"] == f"{key_id} in the keyring"
    keyring_door.delete(key_id)
    found = doctor()["key.current"]
    assert (found["state"], "no private half" in found["found"]) == ("fail", True)
    key_list.path().unlink()
    assert "no signing key yet" in doctor()["key.current"]["found"]


def test_key_current_of_a_file_that_others_can_read(healthy, doctor, tmp_path: Path) -> None:
    own_keys.generate_file(tmp_path / "key.pem")
    healthy.monkeypatch.setenv("VOX_TELEMETRY_KEY_FILE", str(tmp_path / "key.pem"))
    found = doctor()
    assert found["key.current"]["found"].endswith(f" in {tmp_path}/key.pem")
    assert found["keyring.round-trip"]["state"] == "skip"
    (tmp_path / "key.pem").chmod(0o644)
    assert doctor()["key.current"]["state"] == "fail"
    (tmp_path / "key.pem").unlink()
    found = doctor()["key.current"]
    assert found["advice"].startswith("mend the key file that VOX_TELEMETRY_KEY_FILE names")


@pytest.mark.parametrize(
    ("changes", "state", "told"),
    [
        ({}, "ok", "enrolled at"),
        ({"origin": "https://other.example"}, "warn", "uploads go to 127.0.0.1"),
        ({"not_after": -1}, "fail", "that is over"),
        ({"not_after": 1}, "ok", "valid until"),
        ({"waits_for_approval": True}, "warn", "to wait for approval; nothing was taken"),
        ({"revoked": True}, "fail", "and revoked since, as the sink said"),
        ({"waits_for_approval": True, "not_after": -1}, "fail", "that is over"),
    ],
)
def test_key_enrolled(healthy, doctor, changes: dict, state: str, told: str) -> None:
    now = datetime.now(UTC)
    if "not_after" in changes:
        changes = {"not_after": format_time(now + timedelta(days=changes["not_after"]))}
    said = {"enrolled_at": format_time(now), "origin": healthy.sink.url, "name": "laptop"}
    enrolment = Enrolment(**(said | {"max_sensitivity": "S1"} | changes))
    import msgspec

    key_list.change(
        lambda keys: keys.with_key(msgspec.structs.replace(keys.find(None), enrolment=enrolment))
    )
    found = doctor()["key.enrolled"]
    assert (found["state"], told in found["found"]) == (state, True)


def test_key_enrolled_is_not_known_where_nobody_told(healthy, doctor) -> None:
    found = doctor()["key.enrolled"]
    assert (found["state"], found["found"][:9]) == ("skip", "not known")


def test_no_private_key_and_no_test_entry_is_shown(client_env: dict[str, str]) -> None:
    run_cli("vox-telemetry", "keys", "generate", env=client_env)
    ran = run_cli("vox-telemetry", "doctor", "--offline", env=client_env)
    assert "doctor-" not in ran.out + ran.err
    assert '"d"' not in ran.out + ran.err
