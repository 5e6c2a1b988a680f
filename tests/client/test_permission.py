import sys
from pathlib import Path

import pytest

from support.client_world import consent_to
from vox_telemetry_client import consent_file, permission
from vox_telemetry_client.config import policy_path, user_settings_path
from vox_telemetry_client.consent import Consent, State
from vox_telemetry_client.permission import facts_now, may_send_now, packaged_contract
from vox_telemetry_spec.errors import RegistryError

URL = "https://sink.example/v1/batches"


def test_each_file_is_read_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scrubbed_environment: Path
) -> None:
    policy, user = tmp_path / "policy.toml", tmp_path / "vox" / "config.toml"
    monkeypatch.setattr(permission, "policy_path", lambda _environ, _platform: policy)
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert may_send_now(environ, URL).source == "consent"
    consent_to(URL)
    assert may_send_now(environ, URL).allowed
    user.parent.mkdir()
    user.write_text("[telemetry]\nenabled = false\n")
    assert may_send_now(environ, URL).source == "user-configuration"
    policy.write_text("[telemetry\n")
    assert may_send_now(environ, URL).source == "policy-file"
    policy.unlink()
    user.unlink()
    assert may_send_now(environ, URL).allowed
    consent_file.write(Consent(State.DENIED, "2026-11-22T12:00:00.000Z"))
    assert may_send_now(environ, URL).source == "consent"


def test_without_a_url_the_granted_one_is_meant() -> None:
    consent_to(URL)
    assert may_send_now({}, None).url == URL
    assert not may_send_now({}, "https://other.example/v1/batches").allowed


def test_who_granted_nothing_does_not_wait_for_the_contract(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def damaged() -> None:
        raise RegistryError("damaged")

    monkeypatch.setattr(permission, "packaged_contract", damaged)
    assert facts_now({}, URL).contract_sha256 == ""


def test_the_packaged_contract_has_a_name() -> None:
    assert packaged_contract().version == "vox.usage-batch.v1"


@pytest.mark.parametrize(
    ("platform", "environ", "policy", "user"),
    [
        ("linux", {}, "/etc/vox/telemetry-policy.toml", "{home}/.config/vox/config.toml"),
        ("darwin", {}, "/etc/vox/telemetry-policy.toml", "{home}/.config/vox/config.toml"),
        (
            "linux",
            {"XDG_CONFIG_HOME": "/c"},
            "/etc/vox/telemetry-policy.toml",
            "/c/vox/config.toml",
        ),
        ("linux", {"XDG_CONFIG_HOME": "c"}, None, "{home}/.config/vox/config.toml"),
        # No setting of ours moves the policy.
        ("linux", {"PROGRAMDATA": "/mine"}, "/etc/vox/telemetry-policy.toml", None),
        ("win32", {"PROGRAMDATA": "/pd"}, "/pd/vox/telemetry-policy.toml", None),
        ("win32", {}, "C:\\ProgramData/vox/telemetry-policy.toml", None),
        ("win32", {"APPDATA": "/ad"}, None, "/ad/vox/config.toml"),
    ],
)
def test_where_the_files_lie(
    scrubbed_environment: Path,
    platform: str,
    environ: dict[str, str],
    policy: str | None,
    user: str | None,
) -> None:
    if policy is not None:
        assert str(policy_path(environ, platform)) == policy
    if user is not None:
        expected = user.format(home=scrubbed_environment)
        assert str(user_settings_path(environ, platform)) == expected


def test_a_user_without_a_home_has_no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", staticmethod(homeless))
    assert user_settings_path({}, sys.platform) is None
