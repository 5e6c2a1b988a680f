import pytest

from vox_telemetry_client.disclosure.opened import Opened, obstacles
from vox_telemetry_client.switches import Decision, Source

ALLOWED = Decision(allowed=True, reason="", source=Source.CONSENT)
OFF = Decision(allowed=False, reason="VOX_TELEMETRY is 'off'", source=Source.MASTER)


def _why(**changes: object) -> list[str]:
    asked = {"trouble": "", "decision": ALLOWED, "is_covered": True, "hindrances": []} | changes
    return obstacles(**asked)  # type: ignore[arg-type]


def test_nothing_stands_in_the_way_of_an_approved_batch_with_consent() -> None:
    assert _why() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trouble": "it is empty"}, "its bytes are not approved: it is empty; the next upload"),
        ({"decision": OFF}, "VOX_TELEMETRY is 'off' (decided by VOX_TELEMETRY)"),
        ({"is_covered": False}, "it was enqueued before consent was granted"),
        ({"hindrances": ["no signing key yet"]}, "no signing key yet"),
    ],
)
def test_each_obstacle_has_its_words(changes: dict[str, object], said: str) -> None:
    (only,) = _why(**changes)
    assert only.startswith(said)


def test_a_batch_that_may_not_be_sent_at_all_is_not_told_of_consent() -> None:
    assert _why(decision=OFF, is_covered=False) == [
        "VOX_TELEMETRY is 'off' (decided by VOX_TELEMETRY)"
    ]


def test_while_sending_is_off_no_upload_sets_anything_aside() -> None:
    assert _why(trouble="it is empty", decision=OFF)[0] == (
        "its bytes are not approved: it is empty; it is never sent"
    )


def test_bytes_that_are_none_have_no_digest_and_no_events() -> None:
    nothing = Opened("pending", "x", None, "it is a folder, expected a file")
    assert (nothing.sha256, nothing.events, nothing.approved_at) == ("", None, None)


def test_the_digest_is_that_of_the_bytes() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # FIPS 180-4
    assert Opened("pending", "x", b"", "").sha256 == empty
