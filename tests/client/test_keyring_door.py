"""Every kind of keyring: a real Secret Service, those of other systems, and those to refuse."""

import gc
import sys
import time
import types
import warnings
from contextlib import closing
from pathlib import Path

import keyring.backends.chainer
import keyring.backends.fail
import keyring.backends.macOS
import keyring.backends.null
import keyring.backends.SecretService
import keyring.backends.Windows
import keyring.core
import keyring.errors
import pytest
import secretstorage
from jeepney.io.blocking import open_dbus_connection
from keyring.backend import KeyringBackend

from support.hiding import assert_hidden
from support.keyrings import MemoryKeyring, OddKeyring, use_keyring
from support.secret_service import private_secret_service
from vox_telemetry_client import keyring_door
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.hidden import Hidden
from vox_telemetry_spec.keys import SigningKey

SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
WINDOWS_ENTRY_MAX_CHARS = 1_280  # CRED_MAX_CREDENTIAL_BLOB_SIZE is 5 * 512 bytes of UTF-16


def _kept(user: str = "key") -> str | None:
    found = keyring_door.read(user)
    return None if found is None else found.reveal()


def test_secret_service_keeps_gives_and_deletes(keyring_backend: KeyringBackend) -> None:
    assert _kept() is None
    keyring_door.store("key", Hidden(SECRET))
    assert _kept() == SECRET == keyring_backend.get_password("vox-telemetry", "key")
    keyring_door.delete("key")
    assert _kept() is None
    keyring_door.delete("key")  # nothing there is no trouble


def test_a_locked_secret_service_is_said_to_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private_secret_service(tmp_path) as environment:
        address = environment["DBUS_SESSION_BUS_ADDRESS"]
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with closing(open_dbus_connection(address)) as connection:
            secretstorage.get_default_collection(connection).lock()
        use_keyring(monkeypatch, keyring.backends.SecretService.Keyring())
        monkeypatch.setattr(keyring_door, "KEYRING_WAIT_S", 60.0)
        with pytest.raises(CredentialError, match=r"^the keyring is locked: unlock it and run"):
            keyring_door.read("key")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # keyring leaves its socket open
            gc.collect()


def test_a_bus_that_is_gone_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/gone")
    use_keyring(monkeypatch, keyring.backends.SecretService.Keyring())
    with pytest.raises(CredentialError, match=r"no usable keyring.*\(FileNotFoundError\)"):
        keyring_door.read("key")


@pytest.mark.parametrize(
    ("backend", "match"),
    [
        (keyring.backends.fail.Keyring(), "no usable keyring: .*fail keeps nothing"),
        (keyring.backends.null.Keyring(), "no usable keyring: .*null keeps nothing"),
        (OddKeyring(keyring.errors.KeyringLocked(SECRET)), "the keyring is locked: unlock it"),
        (OddKeyring(keyring.errors.InitError(SECRET)), r"no usable keyring: .*\(InitError\)"),
        (OddKeyring(FileNotFoundError(2, SECRET)), r"no usable keyring: .*\(FileNotFoundError\)"),
        (OddKeyring(RuntimeError(SECRET)), r"no usable keyring: .*\(RuntimeError\)"),
        (OddKeyring(stored="another"), "took the key and does not give it back"),
        (OddKeyring(), "took the key and does not give it back"),
    ],
    ids=["fail", "null", "locked", "init", "dead-bus", "plug-in", "another", "keeps-nothing"],
)
def test_whatever_a_keyring_does_is_one_clear_error_that_hides_the_key(
    monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend, match: str
) -> None:
    use_keyring(monkeypatch, backend)
    with pytest.raises(CredentialError, match=match) as caught:
        keyring_door.store("key", Hidden(SECRET))
    assert "VOX_TELEMETRY_KEY_FILE" in str(caught.value)  # what to do without a desktop
    assert_hidden(caught.value, SECRET)


def test_a_keyring_that_never_answers_is_waited_for_in_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hanging(OddKeyring):
        def get_password(self, *_: str) -> str | None:
            time.sleep(60)
            return None

    use_keyring(monkeypatch, Hanging())
    monkeypatch.setattr(keyring_door, "KEYRING_WAIT_S", 0.1)
    began = time.monotonic()
    with pytest.raises(CredentialError, match=r"did not answer in 0 s, it may be waiting for a pa"):
        keyring_door.read("key")
    assert time.monotonic() - began < 30


def _plain_text_keyring(monkeypatch: pytest.MonkeyPatch) -> KeyringBackend:
    """Give a stand-in for keyrings.alt, which is not installed: the module's name is what counts."""
    module = types.ModuleType("keyrings.alt.file")
    for name in ("keyrings", "keyrings.alt"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    made = type("PlaintextKeyring", (MemoryKeyring,), {"__module__": module.__name__})
    vars(module)["PlaintextKeyring"] = made
    backend: KeyringBackend = made()
    return backend


def test_a_plain_text_keyring_is_refused_where_nobody_named_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_keyring(monkeypatch, _plain_text_keyring(monkeypatch))
    with pytest.raises(CredentialError, match=r"keyrings\.alt\.file keeps secrets in a plain file"):
        keyring_door.store("key", Hidden(SECRET))


def test_a_plain_text_keyring_that_the_environment_names_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_keyring(monkeypatch, _plain_text_keyring(monkeypatch))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")
    keyring_door.store("key", Hidden(SECRET))
    assert _kept() == SECRET


def test_a_plain_text_keyring_that_keyringrc_names_is_used(
    monkeypatch: pytest.MonkeyPatch, scrubbed_environment: Path
) -> None:
    use_keyring(monkeypatch, _plain_text_keyring(monkeypatch))
    settings = keyring.core._config_path()
    assert scrubbed_environment in settings.parents
    settings.parent.mkdir(parents=True)
    settings.write_text("[backend]\ndefault-keyring=keyrings.alt.file.PlaintextKeyring\n")
    keyring_door.store("key", Hidden(SECRET))
    assert _kept() == SECRET


def _chain(monkeypatch: pytest.MonkeyPatch, *members: KeyringBackend) -> KeyringBackend:
    chainer = keyring.backends.chainer.ChainerBackend
    monkeypatch.setattr(chainer, "backends", list(members))
    return chainer()


def test_a_chain_is_used_past_a_plain_text_member(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, good = _plain_text_keyring(monkeypatch), MemoryKeyring()
    use_keyring(monkeypatch, _chain(monkeypatch, plain, good))
    keyring_door.store("key", Hidden(SECRET))
    assert good.entries == {("vox-telemetry", "key"): SECRET}
    assert plain.get_password("vox-telemetry", "key") is None


def test_a_chain_of_plain_text_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    use_keyring(monkeypatch, _chain(monkeypatch, _plain_text_keyring(monkeypatch)))
    with pytest.raises(CredentialError, match="keeps secrets in a plain file"):
        keyring_door.store("key", Hidden(SECRET))


def test_an_empty_chain_is_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    use_keyring(monkeypatch, _chain(monkeypatch))
    with pytest.raises(CredentialError, match="no usable keyring"):
        keyring_door.read("key")


class _Credentials:
    """Windows' own store, as win32cred gives it: UTF-16 in, bounded, UTF-16 bytes out."""

    CRED_TYPE_GENERIC, CRED_PERSIST_LOCAL_MACHINE, CRED_PERSIST_ENTERPRISE = 1, 2, 3

    class error(Exception):  # noqa: N801, N818 -- the name in pywintypes
        winerror, funcname = 1168, "CredRead"

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, object]] = {}

    def CredWrite(self, entry: dict[str, object], _flags: int) -> None:  # noqa: N802 -- likewise
        assert len(str(entry["CredentialBlob"]).encode("utf-16-le")) <= 2 * WINDOWS_ENTRY_MAX_CHARS
        self.entries[str(entry["TargetName"])] = entry

    def CredRead(self, *, TargetName: str, **_: object) -> dict[str, object]:  # noqa: N802, N803
        if TargetName not in self.entries:
            raise self.error
        entry = self.entries[TargetName]
        return entry | {"CredentialBlob": str(entry["CredentialBlob"]).encode("utf-16")}

    def CredDelete(self, *, TargetName: str, **_: object) -> None:  # noqa: N802, N803
        del self.entries[TargetName]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> _Credentials:
    store = _Credentials()
    module = keyring.backends.Windows
    monkeypatch.setattr(module, "win32cred", store, raising=False)
    monkeypatch.setattr(module, "pywintypes", store, raising=False)
    use_keyring(monkeypatch, module.WinVaultKeyring())
    return store


def test_windows_entries_stay_on_this_machine(windows: _Credentials) -> None:
    for user in ("first", "second"):
        keyring_door.store(user, Hidden(f"{user}{SECRET}"))
    assert [_kept(user) for user in ("first", "second")] == [f"first{SECRET}", f"second{SECRET}"]
    kept = {entry["Persist"] for entry in windows.entries.values()}
    assert kept == {windows.CRED_PERSIST_LOCAL_MACHINE}
    keyring_door.delete("first")
    assert (_kept("first"), _kept("second")) == (None, f"second{SECRET}")


def test_windows_takes_a_private_key_in_one_entry(windows: _Credentials) -> None:
    key = SigningKey(bytes(range(32)))
    keyring_door.store(key.public.key_id, Hidden(key.private_jwk()))
    assert len(windows.entries) == 1
    assert len(key.private_jwk().encode("utf-16-le")) // 2 <= WINDOWS_ENTRY_MAX_CHARS


class _Keychain:
    """What keyring's macOS backend calls of the system's keychain."""

    class Error(Exception):
        pass

    class NotFound(Error):  # noqa: N818 -- its name there
        pass

    class KeychainDenied(Error):  # noqa: N818 -- likewise
        pass

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.denied = False

    def find_generic_password(self, _keychain: object, service: str, user: str) -> str:
        if self.denied:
            raise self.KeychainDenied
        if (service, user) not in self.entries:
            raise self.NotFound
        return self.entries[service, user]

    def set_generic_password(self, _keychain: object, service: str, user: str, text: str) -> None:
        if self.denied:
            raise self.KeychainDenied
        self.entries[service, user] = text

    def delete_generic_password(self, _keychain: object, service: str, user: str) -> None:
        del self.entries[service, user]


@pytest.fixture
def keychain(monkeypatch: pytest.MonkeyPatch) -> _Keychain:
    store = _Keychain()
    monkeypatch.setattr(keyring.backends.macOS, "api", store, raising=False)
    use_keyring(monkeypatch, keyring.backends.macOS.Keyring())
    return store


def test_macos_keeps_gives_and_deletes(keychain: _Keychain) -> None:
    keyring_door.store("key", Hidden(SECRET))
    assert (_kept(), list(keychain.entries)) == (SECRET, [("vox-telemetry", "key")])
    keyring_door.delete("key")
    assert _kept() is None


def test_macos_that_denies_is_locked(keychain: _Keychain) -> None:
    keychain.denied = True
    with pytest.raises(CredentialError, match="the keyring is locked: unlock it") as caught:
        keyring_door.store("key", Hidden(SECRET))
    assert_hidden(caught.value, SECRET)
