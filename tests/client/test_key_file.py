"""A private key in a file counts only where nobody else can read or replace it."""

import json
import os
import stat
from pathlib import Path

import pytest

from support.client_world import SEED, umask
from support.hiding import assert_hidden
from vox_telemetry_client import key_file
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_spec.keys import SigningKey

KEY = SigningKey(SEED)
SECRET = json.loads(KEY.private_jwk())["d"]
ENCRYPTED = """-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBDnTOAuWpyZnLwTNaT7
-----END ENCRYPTED PRIVATE KEY-----
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    key_file.write(tmp_path / "key.jwk", KEY)
    return tmp_path / "key.jwk"


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_new_file_is_only_for_its_user_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        key_file.write(tmp_path / "key.jwk", KEY)
    assert stat.S_IMODE((tmp_path / "key.jwk").stat().st_mode) == 0o600
    assert key_file.load(tmp_path / "key.jwk").public.key_id == KEY.public.key_id


def test_a_file_that_is_there_is_never_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(
        CredentialError, match="is there already, and a key is never over"
    ) as caught:
        key_file.write(path, SigningKey(bytes(32)))
    assert path.read_bytes() == before
    assert_hidden(caught.value, json.loads(SigningKey(bytes(32)).private_jwk())["d"])


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "key.jwk").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CredentialError, match="is there already"):
        key_file.write(tmp_path / "key.jwk", KEY)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=r"cannot be written: no such file") as caught:
        key_file.write(tmp_path / "gone" / "key.jwk", KEY)
    assert_hidden(caught.value, SECRET)


def test_a_missing_file_that_should_sign_is_told_with_how_to_make_it(tmp_path: Path) -> None:
    path = tmp_path / "key.jwk"
    with pytest.raises(CredentialError) as caught:
        key_file.load(path)
    assert str(caught.value) == (
        f"the key file {path} cannot be read: no such file or directory; make one with "
        f"`vox-telemetry keys generate --file '{path}'`, or unset VOX_TELEMETRY_KEY_FILE"
    )
    with pytest.raises(CredentialError, match=r"no such file or directory$"):
        key_file.read(path)  # to be imported: nothing says that one is to be made


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_only_its_user_can_read_counts(path: Path, mode: int) -> None:
    path.chmod(mode)
    assert key_file.load(path).public.key_id == KEY.public.key_id


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644, 0o700, 0o4600])
def test_a_file_of_any_other_mode_is_refused_with_advice(path: Path, mode: int) -> None:
    path.chmod(mode)
    expected = rf"its mode is {mode:04o}, expected 0600 or 0400: run chmod 600"
    with pytest.raises(CredentialError, match=expected):
        key_file.load(path)


def test_another_users_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: ours + 1)
    with pytest.raises(CredentialError, match=f"it belongs to user {ours}, expected {ours + 1}"):
        key_file.load(path)


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("pipe", "."):
        with pytest.raises(CredentialError, match=r"it is no regular file|is a directory"):
            key_file.load(tmp_path / name)


def test_a_link_in_a_folder_of_ours_is_followed(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("key.jwk")
    (tmp_path / "link-to-link").symlink_to(tmp_path / "link")
    assert key_file.load(tmp_path / "link-to-link").public.key_id == KEY.public.key_id


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_link_in_a_folder_that_everybody_may_write_to_is_refused(
    path: Path, tmp_path: Path, mode: int
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(mode)
    (shared / "link").symlink_to(path)
    (tmp_path / "link").symlink_to(shared / "link")
    for link in (shared / "link", tmp_path / "link"):
        with pytest.raises(CredentialError, match="a symbolic link in a folder that everybody may"):
            key_file.load(link)


def test_links_that_go_round_are_given_up(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(CredentialError, match="cannot be read: too many levels of symbolic links"):
        key_file.load(tmp_path / "a")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "cannot be used: this is no private key"),
        (ENCRYPTED, "cannot be used: (it is encrypted, and nobody is there|the key is damaged)"),
        (KEY.private_jwk().replace("Ed25519", "X25519"), "cannot be used: this JWK is of another"),
        (" " * 16_385, "is longer than 16384 bytes, expected one private key"),
    ],
)
def test_a_file_without_a_usable_key_is_refused(path: Path, content: str, match: str) -> None:
    path.write_text(content)
    with pytest.raises(CredentialError, match=match) as caught:
        key_file.load(path)
    assert_hidden(caught.value, SECRET)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=r"the key file .*gone cannot be read: no such file"):
        key_file.load(tmp_path / "gone")
