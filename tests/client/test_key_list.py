import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from vox_telemetry_client import key_list
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.key_list import Enrolment, KeyList, KnownKey, State
from vox_telemetry_client.lock import held

A, B, C = (KnownKey(name, name * 3, "2026-11-22T12:00:00.000Z") for name in "abc")
UNTIL = "2026-11-25T12:00:00.000Z"
SAID = Enrolment("2026-11-22T12:00:00.000Z", "https://sink.example", "alice", "S1")


def _signed_by(*keys: KnownKey) -> KeyList:
    """Give a list in which each key signed in its turn."""
    made = KeyList()
    for key in keys:
        made = made.with_key(key).using(key.key_id, UNTIL)
    return made


def test_the_key_in_use_signs_and_the_one_before_retires() -> None:
    keys = _signed_by(A, B).with_key(C)
    assert keys.find(None).key_id == "b"
    assert keys.find("a").retiring_until == UNTIL
    states = [keys.state(key, "2026-11-25T11:59:59.999Z") for key in keys.keys]
    assert states == [State.RETIRING, State.CURRENT, State.NEXT]
    assert keys.state(keys.find("a"), UNTIL) is State.RETIRED
    assert keys.next() == C


def test_a_key_that_returns_is_current_again() -> None:
    keys = _signed_by(A, B).using("a", UNTIL)
    assert (keys.current, keys.find("a"), keys.find("b").retiring_until) == ("a", A, UNTIL)
    assert keys.using("a", "later") == keys


def test_a_key_in_a_file_is_never_current_or_next() -> None:
    keys = _signed_by(A).with_key(replace(B, file="/key"))
    assert keys.next() is None
    assert keys.state(keys.find("b"), UNTIL) is State.FILE
    with pytest.raises(CredentialError, match="key b is in a file: set VOX_TELEMETRY_KEY_FILE"):
        keys.using("b", UNTIL)
    assert keys.without("a").current is None


def test_after_a_removal_the_newest_of_the_others_signs() -> None:
    keys = _signed_by(A, B, C)
    assert keys.without("c").current == "b"
    assert keys.without("c").find("b").retiring_until is None
    assert keys.without("a").current == "c"
    assert _signed_by(A).without("a") == KeyList()


def test_after_a_removal_a_key_that_the_sink_knows_comes_first() -> None:
    enrolled = _signed_by(replace(A, enrolment=SAID), B, C)
    assert enrolled.without("c").current == "a"
    with_next = _signed_by(A, B).with_key(C)
    assert with_next.without("b").current == "a"
    assert _signed_by(B).with_key(C).without("b").current == "c"


def test_what_is_known_of_a_key_is_replaced_in_its_place() -> None:
    keys = _signed_by(A, B).with_key(replace(A, enrolment=SAID))
    assert [key.key_id for key in keys.keys] == ["a", "b"]
    assert keys.find("a").enrolment == SAID


def test_no_key_is_said_with_the_command_that_makes_one() -> None:
    with pytest.raises(
        CredentialError, match="no signing key yet, make one: vox-telemetry keys generate"
    ):
        KeyList().find(None)
    with pytest.raises(CredentialError, match="no key 'x'"):
        KeyList().find("x")
    with pytest.raises(CredentialError, match="no key signs yet: `vox-telemetry keys enrol`"):
        KeyList().with_key(A).find(None)


def test_the_list_lies_in_the_users_configuration_and_is_only_for_the_user(
    scrubbed_environment: Path,
) -> None:
    assert key_list.read() == KeyList()
    key_list.change(lambda keys: keys.with_key(A).using("a", UNTIL))
    path = scrubbed_environment / "config_home" / "vox-telemetry" / "keys.json"
    assert key_list.path() == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {
        "current": "a",
        "keys": [{"key_id": "a", "x": "aaa", "created_at": "2026-11-22T12:00:00.000Z"}],
        "sink_keys": [],
    }
    assert key_list.read() == _signed_by(A)


def test_an_enrolment_is_kept_with_the_sinks_key() -> None:
    sink_key = {"crv": "Ed25519", "kty": "OKP", "x": "xxx"}
    said = replace(SAID, not_after=UNTIL, families=["one"], sink_key=sink_key)
    key_list.change(lambda keys: keys.with_key(replace(A, enrolment=said)))
    assert key_list.read().find("a").enrolment == said
    assert json.loads(key_list.path().read_text())["keys"][0]["enrolment"] == {
        "enrolled_at": "2026-11-22T12:00:00.000Z",
        "origin": "https://sink.example",
        "name": "alice",
        "max_sensitivity": "S1",
        "families": ["one"],
        "not_after": UNTIL,
        "sink_key": sink_key,
    }


def test_a_list_from_before_approval_has_no_key_that_waits() -> None:
    said = {"enrolled_at": "t", "origin": "o", "name": "n", "max_sensitivity": "S1"}
    key = {"key_id": "a", "x": "b", "created_at": "c", "enrolment": said}
    key_list.change(lambda keys: keys)
    key_list.path().write_text(json.dumps({"current": "a", "keys": [key]}))
    assert not key_list.read().find("a").waits_for_approval


def test_changes_at_once_lose_none() -> None:
    made = [replace(A, key_id=str(number)) for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: key_list.change(lambda keys: keys.with_key(key)), made))
    assert {key.key_id for key in key_list.read().keys} == {key.key_id for key in made}


def test_a_change_waits_for_another_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_list, "KEY_LIST_WAIT_S", 0.1)
    key_list.change(lambda keys: keys)
    with (
        held(key_list.path().with_name("keys.lock"), "a change"),
        pytest.raises(CredentialError, match="a change of the keys is running: pid"),
    ):
        key_list.change(lambda keys: keys)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"keys":5}'])
def test_a_damaged_list_is_named_and_not_overwritten(content: bytes) -> None:
    key_list.path().parent.mkdir(parents=True)
    key_list.path().write_bytes(content)
    expected = r"keys\.json cannot be read, expected a list of public keys"
    with pytest.raises(CredentialError, match=expected):
        key_list.read()
    with pytest.raises(CredentialError, match=expected):
        key_list.change(lambda keys: keys.with_key(A))
    assert key_list.path().read_bytes() == content


def test_a_list_that_cannot_be_written_is_named(scrubbed_environment: Path) -> None:
    (scrubbed_environment / "config_home" / "vox-telemetry").write_text("")
    with pytest.raises(CredentialError, match=r"keys\.json cannot be written"):
        key_list.change(lambda keys: keys)


def test_the_jwk_is_the_public_one_with_its_id() -> None:
    assert A.jwk == {"crv": "Ed25519", "kty": "OKP", "x": "aaa", "kid": "a"}
