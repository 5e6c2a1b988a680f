import pytest

from vox_telemetry_client.disclosure.admission import Admission

DRAWN = ("the-token", "the-session")
OURS = "vox_telemetry_view_8765=the-session"


@pytest.fixture
def admission() -> Admission:
    drawn = iter(DRAWN)
    return Admission(8_765, lambda: next(drawn))


def test_the_address_is_on_loopback_and_has_the_token(admission: Admission) -> None:
    assert admission.address == "http://127.0.0.1:8765/open/the-token"


def test_the_token_is_good_once(admission: Admission) -> None:
    assert not admission.redeem("another")
    assert not admission.was_redeemed
    assert admission.redeem("the-token")
    assert not admission.redeem("the-token")
    assert admission.was_redeemed


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(admission: Admission) -> None:
    assert admission.cookie == f"{OURS}; Path=/; HttpOnly; SameSite=Strict"


@pytest.mark.parametrize(
    ("cookies", "known"),
    [
        ([OURS], True),
        ([f"other=1; {OURS}"], True),
        (["other=1", OURS], True),
        ([], False),
        (["vox_telemetry_view_8765=the-token"], False),
        (["vox_telemetry_view_8766=the-session"], False),
        (["vox_telemetry_view_8765"], False),
        (["vox_telemetry_view_8765=\u00e4\ud800"], False),
    ],
)
def test_only_the_session_of_this_run_is_known(
    admission: Admission, cookies: list[str], known: bool
) -> None:
    assert admission.knows(cookies) is known


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765"])
def test_the_two_names_of_this_machine_are_ours(admission: Admission, host: str) -> None:
    assert admission.is_ours([host])


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["127.0.0.1"],
        ["127.0.0.1:8766"],
        ["rebound.example:8765"],
        ["127.0.0.1:8765.example"],
        ["LOCALHOST:8765"],
        ["[::1]:8765"],
        ["127.0.0.1:8765", "127.0.0.1:8765"],
    ],
)
def test_every_other_host_is_not(admission: Admission, hosts: list[str]) -> None:
    assert not admission.is_ours(hosts)
