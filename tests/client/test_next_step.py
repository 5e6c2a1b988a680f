import pytest

from vox_telemetry_client.next_step import Counts, next_step
from vox_telemetry_client.switches import Decision, Source

ALLOWED = Decision(allowed=True, reason="", source=Source.CONSENT)
DENIED = Decision(allowed=False, reason="no", source=Source.CONSENT, denied=True)


def forbidden(source: Source) -> Decision:
    return Decision(allowed=False, reason="no", source=source)


@pytest.mark.parametrize(
    ("counts", "decision", "step"),
    [
        (Counts(0, 0, 0, 0, has_key=False), ALLOWED, "vox-telemetry enqueue FILE"),
        (Counts(0, 0, 0, 0, has_key=False), forbidden(Source.CONSENT), "vox-telemetry enqueue"),
        (Counts(1, 1, 1, 1, has_key=True), forbidden(Source.CONSENT), "consent grant"),
        (Counts(1, 1, 1, 1, has_key=True), DENIED, "nothing: consent was denied"),
        (Counts(1, 1, 1, 1, has_key=True), forbidden(Source.UPLOAD_URL), "VOX_TELEMETRY_UPLOAD_"),
        (Counts(1, 1, 1, 1, has_key=True), forbidden(Source.MASTER), "while VOX_TELEMETRY forbids"),
        (Counts(1, 1, 1, 1, has_key=False), ALLOWED, "keys generate"),
        (Counts(1, 1, 1, 1, has_key=False, key_trouble="mend it"), ALLOWED, "mend it"),
        (Counts(0, 0, 0, 0, has_key=False, key_trouble="mend it"), ALLOWED, "enqueue FILE"),
        (Counts(2, 0, 1, 1, has_key=True), ALLOWED, "consent grant --include-pending"),
        (Counts(2, 1, 1, 1, has_key=True), ALLOWED, "upload --dry-run"),
        (
            Counts(2, 1, 1, 1, has_key=True, waits_for_approval="a-key"),
            ALLOWED,
            "ask whoever runs the sink to approve key a-key",
        ),
        (Counts(0, 0, 0, 0, has_key=True, waits_for_approval="a-key"), ALLOWED, "enqueue FILE"),
        (Counts(2, 1, 1, 1, has_key=True, rotate="rotate it"), ALLOWED, "rotate it"),
        (Counts(0, 0, 0, 0, has_key=True, rotate="rotate it"), ALLOWED, "enqueue FILE"),
        (Counts(0, 0, 1, 1, has_key=True), ALLOWED, "rejected list"),
        (Counts(0, 0, 0, 1, has_key=True), ALLOWED, "prune spool plan"),
    ],
)
def test_the_first_thing_that_stands_in_the_way_is_said(
    counts: Counts, decision: Decision, step: str
) -> None:
    assert step in next_step(counts, decision)
