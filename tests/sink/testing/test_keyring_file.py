"""The keyring for tests: it works in the fixture's folder and nowhere else."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from keyring.core import load_keyring
from keyring.errors import InitError, PasswordDeleteError

from vox_telemetry_sink.testing.keyring_file import BACKEND, FileKeyring, make_folder

NAMED = "VOX_TELEMETRY_TEST_KEYRING"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "keyring"
    make_folder(made)
    monkeypatch.setenv(NAMED, str(made))
    return made


def test_it_keeps_and_deletes_entries(folder: Path) -> None:
    backend = load_keyring(BACKEND)
    assert isinstance(backend, FileKeyring)
    assert backend.get_password("s", "u") is None
    backend.set_password("s", "u", "secret")
    backend.set_password("s", "v", "other")
    assert backend.get_password("s", "u") == "secret"
    backend.delete_password("s", "u")
    assert (backend.get_password("s", "u"), backend.get_password("s", "v")) == (None, "other")
    with pytest.raises(PasswordDeleteError):
        backend.delete_password("s", "u")


def test_what_it_keeps_is_its_users_alone_and_says_what_it_is(folder: Path) -> None:
    load_keyring(BACKEND).set_password("s", "u", "secret")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "keys.json")
    }
    assert modes == {"keyring": 0o700, "keys.json": 0o600}
    [mark] = folder.glob("made-by-*")
    assert "good for nothing else" in mark.read_text()


def test_outside_of_the_fixture_it_is_no_choice() -> None:
    with pytest.raises(RuntimeError, match="for tests only"):
        load_keyring(BACKEND)


def test_a_folder_that_no_fixture_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAMED, str(tmp_path))
    with pytest.raises(RuntimeError, match="for tests only"):
        load_keyring(BACKEND)


def test_an_instance_refuses_once_its_test_is_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = load_keyring(BACKEND)
    monkeypatch.delenv(NAMED)
    for use in (
        lambda: backend.get_password("s", "u"),
        lambda: backend.set_password("s", "u", "p"),
        lambda: backend.delete_password("s", "u"),
    ):
        with pytest.raises(InitError, match=NAMED):
            use()
    assert list(folder.glob("keys.json")) == []


def test_keyring_never_chooses_it_by_itself(folder: Path) -> None:
    # Loaded, a backend is among those that keyring weighs; this one only where it is allowed to.
    code = (
        "import keyring.backend, vox_telemetry_sink.testing.keyring_file as own;"
        "print(own.FileKeyring in keyring.backend.KeyringBackend.get_viable_backends())"
    )
    said = []
    for left_out in ({NAMED}, set()):
        env = {name: value for name, value in os.environ.items() if name not in left_out}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        said.append(done.stdout.strip())
    assert said == ["False", "True"]
