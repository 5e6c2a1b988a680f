import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from vox_telemetry_sink.console.tokens import (
    KnownToken,
    ListedToken,
    make_token,
    opens,
    read_token,
)

ID, SECRET = bytes(range(8)), bytes(range(32))
SHOWN = "voxc_0001020304050607_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_token_has_a_form_that_scanners_can_look_for_and_256_random_bits() -> None:
    token = make_token(ID, SECRET)
    assert token.shown == SHOWN
    assert token.token_id == "0001020304050607"
    assert token.secret_sha256 == hashlib.sha256(SHOWN.rpartition("_")[2].encode()).digest()


def test_what_is_pasted_is_read_with_blanks_around_it() -> None:
    assert read_token(f"\t{SHOWN} \r\n") == make_token(ID, SECRET)


@pytest.mark.parametrize(
    "text",
    ["", "voxc_", SHOWN[:-1], SHOWN + "0", SHOWN.upper(), SHOWN.replace("voxc", "voxd"), SHOWN * 2],
)
def test_anything_else_is_no_token(text: str) -> None:
    assert read_token(text) is None


def test_only_the_same_and_good_token_opens() -> None:
    token = make_token(ID, SECRET)
    other = make_token(ID, bytes(32))
    known = KnownToken(token.secret_sha256, "ada", is_good=True)
    assert opens(token, known)
    assert not opens(other, known)
    assert not opens(token, known._replace(is_good=False))


def test_a_listed_token_says_its_state() -> None:
    token = ListedToken("0" * 16, "ada", "admin", NOW, NOW + timedelta(days=1), None)
    assert token.state(NOW) == "good"
    assert token.state(NOW + timedelta(days=1)) == "expired"
    assert token._replace(revoked_at=NOW).state(NOW) == "revoked"
