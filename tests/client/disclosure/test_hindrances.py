import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vox_telemetry_client import key_file, key_list
from vox_telemetry_client.config import Config
from vox_telemetry_client.disclosure.hindrances import KeySeen, hindrances, key_seen, signing_key
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.key_list import Enrolment, KeyList, KnownKey

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = "2026-11-22T12:00:00.000Z"
FILE = Path("key.pem")  # of the folder that a test is in
SAID = Enrolment(AT, "https://t.example", "alice", "S1")
WAITS = Enrolment(AT, "https://t.example", "alice", "S1", waits_for_approval=True)


@pytest.fixture(autouse=True)
def in_a_file_that_is_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opened the file to sign with it would find that out."""
    monkeypatch.chdir(tmp_path)
    FILE.touch(mode=0o600)


def test_without_a_key_nothing_would_be_sent(config: Config) -> None:
    assert signing_key(config) is None
    assert hindrances(config, Folder(config.spool), NOW) == [
        "no signing key yet, make one: vox-telemetry keys generate"
    ]


def test_a_key_file_is_named_and_not_opened(config: Config) -> None:
    named = replace(config, key_file=FILE)
    assert signing_key(named) == "in the key file key.pem"
    assert hindrances(named, Folder(config.spool), NOW) == []


def test_a_key_file_that_is_missing_or_open_to_others_is_told_as_an_upload_tells_it(
    config: Config,
) -> None:
    named = replace(config, key_file=FILE)
    FILE.chmod(0o644)
    [refused] = hindrances(named, Folder(config.spool), NOW)
    assert refused.startswith("the key file key.pem is refused: its mode is 0644, expected 0600")
    with pytest.raises(CredentialError, match="its mode is 0644") as said:
        key_file.load(FILE)
    assert refused == key_seen(named).trouble == str(said.value)
    FILE.unlink()
    [missing] = hindrances(named, Folder(config.spool), NOW)
    with pytest.raises(CredentialError, match="make one with `vox-telemetry keys gen") as said:
        key_file.load(FILE)
    assert missing == key_seen(named).trouble == str(said.value)


def test_a_pause_that_the_sink_asked_for_is_told(config: Config) -> None:
    state = config.spool / "state.json"
    state.write_text(json.dumps({"earliest_next_attempt": "2026-11-22T12:30:00Z"}))
    named = replace(config, key_file=FILE)
    assert hindrances(named, Folder(config.spool), NOW) == [
        "the sink asked for no upload before 2026-11-22 12:30:00 UTC"
    ]


@pytest.mark.parametrize(
    ("file", "keys"),
    [
        (None, KeyList("a", [KnownKey("a", "x", AT, enrolment=WAITS)])),
        (FILE, KeyList("b", [KnownKey("a", "x", AT, file=str(FILE), enrolment=WAITS)])),
    ],
    ids=["keyring", "file"],
)
def test_a_key_that_waits_for_approval_is_named_with_whom_to_ask(
    config: Config, file: Path | None, keys: KeyList
) -> None:
    key_list.change(lambda _: keys)
    named = replace(config, key_file=file)
    assert key_seen(named) == KeySeen(is_there=True, waits_for_approval="a")
    (told,) = hindrances(named, Folder(config.spool), NOW)
    assert told == (
        "key a waits for approval, and nothing that it signs is taken until then: ask whoever runs "
        "the sink to approve key a (`vox-telemetry-sink keys approve a`), unless that has happened "
        "since"
    )


@pytest.mark.parametrize("file", [None, FILE], ids=["keyring", "file"])
def test_another_key_that_waits_for_approval_is_in_nobodys_way(
    config: Config, file: Path | None
) -> None:
    keys = [
        KnownKey("a", "x", AT, enrolment=SAID),
        KnownKey("b", "x", AT, enrolment=WAITS),
        KnownKey("c", "x", AT, file=str(FILE), enrolment=WAITS),
        KnownKey("d", "x", AT, file=str(FILE), enrolment=SAID),
        KnownKey("e", "x", AT, enrolment=WAITS),
    ]
    key_list.change(lambda _: KeyList("a", keys))
    named = replace(config, key_file=file)
    assert key_seen(named) == KeySeen(is_there=True)
    assert hindrances(named, Folder(config.spool), NOW) == []


@pytest.mark.parametrize("file", [None, FILE], ids=["keyring", "file"])
def test_a_damaged_list_of_keys_is_no_key_and_is_told(config: Config, file: Path | None) -> None:
    key_list.path().parent.mkdir(parents=True, exist_ok=True)
    key_list.path().write_text("{")
    said = f"{key_list.path()} cannot be read, expected a list of public keys: mend it or move it"
    named = replace(config, key_file=file)
    found = key_seen(named)
    assert (found.is_there, found.trouble) == (False, f"{said} away")
    assert hindrances(named, Folder(config.spool), NOW) == [found.trouble]
