import pytest

from vox_telemetry_client.consent import Consent, State, granted

FIRST, LATER = "2026-11-22T12:00:00.000Z", "2026-11-23T12:00:00.000Z"


def grant(before: Consent | None, at: str, url: str = "https://a/", sha256: str = "1") -> Consent:
    return granted(before, at=at, url=url, contract="v1", contract_sha256=sha256)


def test_a_first_grant_covers_what_comes_after_it() -> None:
    given = grant(None, FIRST)
    assert given == Consent(State.GRANTED, FIRST, "https://a/", "v1", "1", covers_from=FIRST)
    assert given.is_whole


@pytest.mark.parametrize("sha256", ["1", "2"])
def test_a_grant_that_is_repeated_goes_on(sha256: str) -> None:
    given = grant(grant(None, FIRST), LATER, sha256=sha256)
    assert (given.at, given.covers_from, given.contract_sha256) == (LATER, FIRST, sha256)


def test_after_a_denial_or_for_another_url_everything_begins_anew() -> None:
    assert grant(Consent(State.DENIED, FIRST), LATER).covers_from == LATER
    assert grant(grant(None, FIRST), LATER, url="https://b/").covers_from == LATER


@pytest.mark.parametrize(
    "broken",
    [
        Consent(State.GRANTED, FIRST),
        Consent(State.GRANTED, FIRST, "https://a/", "v1", "1", "yesterday"),
        Consent(State.GRANTED, FIRST, "https://a/", "v1", "", FIRST),
        Consent(State.GRANTED, "yesterday", "https://a/", "v1", "1", FIRST),
        Consent(State.DENIED, ""),
    ],
)
def test_half_a_decision_is_none(broken: Consent) -> None:
    assert not broken.is_whole
