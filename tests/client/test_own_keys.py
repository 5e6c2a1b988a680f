"""Against a real Secret Service: keys are made, taken in, rotated, enrolled and removed."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from msgspec import structs

from support.client_world import NOW
from vox_telemetry_client import credentials, key_list, own_keys
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.key_list import Enrolment
from vox_telemetry_spec.keys import SigningKey

SAID = Enrolment("2026-11-22T12:00:00.000Z", "https://sink.example", "alice", "S1")
WAITS = structs.replace(SAID, waits_for_approval=True)


def test_a_key_is_made_kept_and_read_back(keyring_backend: KeyringBackend) -> None:
    known = own_keys.generate(NOW, use=True)
    key = credentials.load_key(None)
    assert key.public.key_id == known.key_id == key_list.read().current
    stored = keyring_backend.get_password("vox-telemetry", known.key_id)
    assert stored is not None
    assert json.loads(stored)["x"] == known.x
    assert SigningKey.from_private_jwk(stored).public.key_id == known.key_id


def test_every_key_is_another_and_the_newest_signs(keyring_backend: KeyringBackend) -> None:
    made = [own_keys.generate(NOW, use=True).key_id for _ in range(3)]
    assert len(set(made)) == 3
    assert credentials.load_key(None).public.key_id == made[-1]


def test_no_key_id_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = [number.to_bytes(32) for number in range(1_000)]
    hyphen = next(seed for seed in seeds if SigningKey(seed).public.key_id.startswith("-"))
    given = iter([hyphen, bytes(32)])
    monkeypatch.setattr("secrets.token_bytes", lambda _count: next(given))
    assert own_keys._typeable_key().public.key_id == SigningKey(bytes(32)).public.key_id


def test_a_removed_key_is_gone_from_the_keyring(keyring_backend: KeyringBackend) -> None:
    first, second = (own_keys.generate(NOW, use=True) for _ in range(2))
    assert own_keys.remove(second.key_id) == first.key_id
    assert keyring_backend.get_password("vox-telemetry", second.key_id) is None
    assert own_keys.remove(first.key_id) is None
    with pytest.raises(CredentialError, match="no signing key yet"):
        credentials.load_key(None)


def test_a_key_that_the_keyring_has_lost_can_still_be_removed(
    keyring_backend: KeyringBackend,
) -> None:
    known = own_keys.generate(NOW, use=True)
    keyring_backend.delete_password("vox-telemetry", known.key_id)
    with pytest.raises(CredentialError, match=f"has no private half of key {known.key_id}"):
        credentials.load_key(None)
    assert own_keys.remove(known.key_id) is None


def test_a_rotation_changes_what_signs_only_after_the_enrolment(
    keyring_backend: KeyringBackend,
) -> None:
    old = own_keys.generate(NOW, use=True)
    new = own_keys.generate(NOW, use=False)
    assert credentials.load_key(None).public.key_id == old.key_id
    key = credentials.load_key(None, new.key_id)
    own_keys.enrolled(key, SAID, NOW, file=None, overlap_h=72)
    assert credentials.load_key(None).public.key_id == new.key_id
    listed = key_list.read()
    assert listed.find(new.key_id).enrolment == SAID
    assert listed.find(old.key_id).retiring_until == "2026-11-25T12:00:00.000Z"
    # The overlap: the old key is still there, and can sign again at once.
    assert credentials.load_key(None, old.key_id).public.key_id == old.key_id
    own_keys.use(old.key_id, NOW + timedelta(hours=1), 0)
    assert credentials.load_key(None).public.key_id == old.key_id


def test_a_next_key_that_waits_for_approval_signs_when_it_is_approved_and_not_before(
    keyring_backend: KeyringBackend,
) -> None:
    old = own_keys.generate(NOW, use=True)
    new = own_keys.generate(NOW, use=False)
    key = credentials.load_key(None, new.key_id)
    own_keys.enrolled(key, WAITS, NOW, file=None, overlap_h=72)
    assert credentials.load_key(None).public.key_id == old.key_id
    assert key_list.read().next().key_id == new.key_id
    own_keys.enrolled(key, SAID, NOW, file=None, overlap_h=72)
    assert credentials.load_key(None).public.key_id == new.key_id


def test_a_key_that_waits_for_approval_signs_where_no_other_does(
    keyring_backend: KeyringBackend,
) -> None:
    only = own_keys.generate(NOW, use=False)
    key = credentials.load_key(None, only.key_id)
    own_keys.enrolled(key, WAITS, NOW, file=None, overlap_h=72)
    assert key_list.read().current == only.key_id


def test_a_key_of_which_a_batch_was_taken_waits_no_more_where_that_was(tmp_path: Path) -> None:
    key, other = (own_keys.generate_file(tmp_path / name) for name in ("one", "two"))
    for one in (key, other):
        own_keys.enrolled(one, WAITS, NOW, file=tmp_path / "one", overlap_h=72)
    before = key_list.path().stat().st_ino
    own_keys.answered(key.public.key_id, "https://other.example", revoked=False)
    unknown = SigningKey(bytes(32)).public.key_id
    own_keys.answered(unknown, "https://sink.example", revoked=False)
    assert key_list.path().stat().st_ino == before  # nothing to be written was written
    own_keys.answered(key.public.key_id, "https://sink.example", revoked=False)
    keys = key_list.read()
    assert keys.find(key.public.key_id).enrolment == SAID
    assert keys.find(other.public.key_id).enrolment == WAITS


def test_an_enrolment_of_the_key_that_signs_changes_nothing_else(
    keyring_backend: KeyringBackend,
) -> None:
    known = own_keys.generate(NOW, use=True)
    waiting = own_keys.generate(NOW, use=False)
    own_keys.enrolled(credentials.load_key(None), SAID, NOW, file=None, overlap_h=72)
    assert key_list.read().current == known.key_id
    assert key_list.read().next() == waiting


def test_a_key_whose_private_half_is_gone_is_not_used(keyring_backend: KeyringBackend) -> None:
    first, second = (own_keys.generate(NOW, use=True) for _ in range(2))
    keyring_backend.delete_password("vox-telemetry", first.key_id)
    with pytest.raises(CredentialError, match=f"no private half of key {first.key_id}"):
        own_keys.use(first.key_id, NOW, 72)
    assert key_list.read().current == second.key_id


def test_a_key_taken_in_twice_is_one_key(keyring_backend: KeyringBackend) -> None:
    key = SigningKey(bytes(range(32)))
    first = own_keys.keep(key, NOW, use=False)
    again = own_keys.keep(key, NOW + timedelta(days=1), use=True)
    assert (key_list.read().keys, key_list.read().current) == ([first], first.key_id)
    assert again == first


def test_a_key_files_enrolment_is_kept_and_its_file_outlives_a_removal(tmp_path: Path) -> None:
    path = tmp_path / "key.jwk"
    key = own_keys.generate_file(path)
    assert key_list.read().keys == []  # a server's configuration folder need not be writable
    own_keys.enrolled(key, SAID, NOW, file=path, overlap_h=72)
    (known,) = key_list.read().keys
    assert (known.file, known.enrolment, key_list.read().current) == (str(path), SAID, None)
    with pytest.raises(CredentialError, match="is in a file: set VOX_TELEMETRY_KEY_FILE"):
        own_keys.use(known.key_id, NOW, 72)
    with pytest.raises(CredentialError, match="is in a file: set VOX_TELEMETRY_KEY_FILE to that"):
        credentials.load_key(None, known.key_id)
    assert own_keys.remove(known.key_id) is None
    assert path.exists()
    assert key_list.read().keys == []
