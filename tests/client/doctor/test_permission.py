"""Each switch made to forbid, one at a time."""

from pathlib import Path

import pytest

from support.client_world import consent_to
from vox_telemetry_client import consent_file, permission


def test_settings_that_cannot_be_understood(healthy, doctor) -> None:
    healthy.monkeypatch.setenv("VOX_TELEMETRY_SPOOL_MAX_BYTES", "many")
    found = doctor()
    assert found["settings"]["state"] == "fail"
    assert "VOX_TELEMETRY_SPOOL_MAX_BYTES is 'many'" in found["settings"]["found"]
    assert found["spool.quota"]["found"] == "the settings cannot be read, see settings"


@pytest.mark.parametrize("text", ["[telemetry]\nenabled = false\n", "enabled = perhaps"])
def test_switch_policy(healthy, doctor, tmp_path: Path, text: str) -> None:
    (tmp_path / "policy.toml").write_text(text)
    healthy.monkeypatch.setattr(
        permission, "policy_path", lambda _environ, _platform: tmp_path / "policy.toml"
    )
    found = doctor()["switch.policy"]
    assert (found["state"], str(tmp_path) in found["found"]) == ("fail", True)


def test_switch_user(healthy, doctor, scrubbed_environment: Path) -> None:
    folder = scrubbed_environment / "config_home" / "vox"
    folder.mkdir()
    (folder / "config.toml").write_text("[telemetry]\nremote_upload = false\n")
    found = doctor()
    assert found["switch.user"]["state"] == "fail"
    assert found["switch.policy"]["state"] == "ok"


@pytest.mark.parametrize("value", ["off", "0", "no", "False"])
def test_switch_master(healthy, doctor, value: str) -> None:
    healthy.monkeypatch.setenv("VOX_TELEMETRY", value)
    found = doctor()
    assert found["switch.master"]["state"] == "fail"
    assert found["switch.do-not-track"]["state"] == "ok"
    assert found["consent"]["state"] == "ok"


def test_switch_do_not_track(healthy, doctor) -> None:
    healthy.monkeypatch.setenv("DO_NOT_TRACK", "yes")
    found = doctor()
    assert found["switch.do-not-track"]["state"] == "fail"
    assert found["switch.master"]["state"] == "ok"


def test_consent_unset_for_another_url_and_damaged(healthy, doctor) -> None:
    consent_file.path().unlink()
    assert "consent has not been granted" in doctor()["consent"]["found"]
    consent_to("https://elsewhere.example")
    assert "granted for https://elsewhere.example" in doctor()["consent"]["found"]
    consent_file.path().write_text("{")
    found = doctor()["consent"]
    assert (found["state"], "is damaged" in found["found"]) == ("fail", True)
