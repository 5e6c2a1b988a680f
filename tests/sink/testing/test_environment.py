import os

import pytest

from vox_telemetry_sink.testing.environment import (
    of_a_program,
    of_a_server,
    settings_of_the_machine,
)

OF_THE_MACHINE = {
    "VOX_TELEMETRY": "off",
    "VOX_SINK_DATABASE_URL": "postgresql://h/n",
    "XDG_CONFIG_HOME": "/x",
    "DO_NOT_TRACK": "1",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/x",
    "https_proxy": "http://proxy",
    "NO_PROXY": "*",
    "SSL_CERT_FILE": "/ca.pem",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
}


def test_settings_of_the_machine_reach_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    scrubbed = {
        name for name in os.environ if name.startswith("XDG_")
    }  # by the fixture of all tests
    for name, value in (OF_THE_MACHINE | {"VOXEL": "kept"}).items():
        monkeypatch.setenv(name, value)
    assert set(settings_of_the_machine()) == OF_THE_MACHINE.keys() | scrubbed
    given = of_a_server(VOX_SINK_PORT="1")
    assert not OF_THE_MACHINE.keys() & given.keys()
    assert (given["VOXEL"], given["VOX_SINK_PORT"]) == ("kept", "1")


def test_a_program_gets_what_the_test_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOX_TELEMETRY", "off")
    assert of_a_program()["VOX_TELEMETRY"] == "off"
