import os
import stat
from pathlib import Path

import pytest

from support.client_world import file_size_limit, umask
from vox_telemetry_client import consent_file
from vox_telemetry_client.consent import Consent, State, granted
from vox_telemetry_client.consent_file import Kept
from vox_telemetry_client.errors import ConsentError

AT = "2026-11-22T12:00:00.000Z"
DENIED = Consent(State.DENIED, AT)
GRANTED = granted(None, at=AT, url="https://a/", contract="v1", contract_sha256="1")


def test_nothing_kept_is_no_decision_and_makes_no_file() -> None:
    assert consent_file.read() == Kept(None, "")
    assert not consent_file.path().parent.exists()


@pytest.mark.parametrize("decision", [DENIED, GRANTED])
def test_what_is_written_is_read(decision: Consent) -> None:
    with umask(0):
        consent_file.write(decision)
    assert consent_file.read() == Kept(decision)
    assert stat.S_IMODE(consent_file.path().stat().st_mode) == 0o600
    assert stat.S_IMODE(consent_file.path().parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"granted",
        b"\xff",
        b"{}",
        b'{"state":"granted","at":"2026-11-22T12:00:00.000Z"}',
        b'{"state":"unheard","at":"2026-11-22T12:00:00.000Z"}',
        b'{"state":"denied","at":"2026-11-22T12:00:00.000Z","granted":true}',
        b"[" * 30_000,
    ],
)
def test_a_damaged_file_is_no_consent(text: bytes) -> None:
    consent_file.write(GRANTED)
    consent_file.path().write_bytes(text)
    assert consent_file.read() == Kept(None, f"{consent_file.path()} is damaged")


def test_a_file_that_is_too_long_is_no_consent() -> None:
    consent_file.write(GRANTED)
    with consent_file.path().open("ab") as file:
        file.write(b" " * 65_536)
    assert consent_file.read().trouble.endswith("is longer than 65536 bytes")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_no_consent(mode: int) -> None:
    consent_file.write(GRANTED)
    consent_file.path().chmod(mode)
    assert consent_file.read() == Kept(None, f"{consent_file.path()} can be written by others")


def test_a_file_of_somebody_else_is_no_consent() -> None:
    consent_file.write(GRANTED)
    os.chown(consent_file.path(), 4_242, -1)
    kept = consent_file.read()
    assert (kept.consent, "belongs to user 4242, expected" in kept.trouble) == (None, True)


def test_a_link_or_a_folder_is_no_consent(tmp_path: Path) -> None:
    consent_file.write(GRANTED)
    consent_file.path().rename(tmp_path / "elsewhere")
    consent_file.path().symlink_to(tmp_path / "elsewhere")
    assert consent_file.read() == Kept(None, f"{consent_file.path()} is no plain file")
    consent_file.path().unlink()
    consent_file.path().mkdir()
    assert consent_file.read().trouble.endswith("is no plain file")


def test_a_full_disk_leaves_the_earlier_decision() -> None:
    consent_file.write(DENIED)
    with file_size_limit(10), pytest.raises(ConsentError, match="the earlier decision holds"):
        consent_file.write(GRANTED)
    assert consent_file.read() == Kept(DENIED)
