"""The file of the key that signs receipts (issue 5 point 4)."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from vox_telemetry_sink.errors import ConfigError
from vox_telemetry_sink.receipt_key import (
    _why_unsafe,
    generate_receipt_key,
    load_receipt_key,
)


def test_a_key_is_pkcs8_pem_that_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "receipt.pem"
    made = generate_receipt_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    document = path.read_bytes()
    assert document.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    key = load_pem_private_key(document, None)
    assert isinstance(key, Ed25519PrivateKey)
    assert key.public_key().public_bytes_raw() == made.public.raw
    assert load_receipt_key(path).public.key_id == made.public.key_id


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "receipt.pem"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="is there already, and a key is never overwritten"):
        generate_receipt_key(path)
    assert path.read_text() == "mine"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="is there already"):
        generate_receipt_key(path)
    with pytest.raises(ConfigError, match="cannot be written: no such file or directory"):
        generate_receipt_key(tmp_path / "no" / "receipt.pem")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "receipt.pem"
    generate_receipt_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"its mode is {mode:04o}, expected 0600 or 0400"):
        load_receipt_key(path)
    path.chmod(0o400)
    load_receipt_key(path)


@pytest.mark.parametrize(
    ("owner", "mode", "is_taken"),
    [
        (0, 0o440, True),  # a volume of Kubernetes with fsGroup, a credential of systemd
        (0, 0o640, True),
        (0, 0o460, False),
        (0, 0o444, False),
        (0, 0o441, False),
        (65_532, 0o440, False),
        (65_532, 0o400, True),
        (65_533, 0o400, False),
    ],
)
def test_a_file_of_roots_may_be_read_by_its_group(
    monkeypatch: pytest.MonkeyPatch, owner: int, mode: int, is_taken: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65_532)
    found = os.stat_result((stat.S_IFREG | mode, 1, 1, 1, owner, 65_532, 119, 0, 0, 0))
    assert (_why_unsafe(found) == "") is is_taken


def _written(path: Path, document: bytes) -> Path:
    path.write_bytes(document)
    path.chmod(0o600)
    return path


def test_what_is_no_usable_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    private, form = Ed25519PrivateKey.generate(), PrivateFormat.PKCS8
    good = private.private_bytes(Encoding.PEM, form, NoEncryption())
    secret = good.splitlines()[1]
    documents = {
        "empty": (b"", "cannot be used, expected an Ed25519"),
        "cut": (good[:60], "cannot be used"),
        "spoilt": (good.replace(secret[10:20], b"!!!!!!!!!!"), "cannot be used"),
        "encrypted": (
            private.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"x")),
            "without a passphrase",
        ),
        "other": (
            X25519PrivateKey.generate().private_bytes(Encoding.PEM, form, NoEncryption()),
            "is of another kind",
        ),
        "long": (good + b"\n" * 5_000, "is too long"),
    }
    for name, (document, said) in documents.items():
        with pytest.raises(ConfigError, match=said) as caught:
            load_receipt_key(_written(tmp_path / name, document))
        assert caught.value.__context__ is None, name  # its frames would hold the key
        assert secret.decode() not in str(caught.value)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: no such file"):
        load_receipt_key(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigError, match="is no regular file"):
        load_receipt_key(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="is no regular file"):
        load_receipt_key(tmp_path)
