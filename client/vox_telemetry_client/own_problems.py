"""The client's own reasons to keep a batch or to set it aside, written as a sink writes its own."""

from vox_telemetry_client.limits import FAILED_ALONE_MAX_RUNS
from vox_telemetry_spec.problems import Problem

_PREFIX = "urn:vox-telemetry:client:"

BEFORE_CONSENT = Problem(
    type=_PREFIX + "before-consent",
    title="enqueued before consent was granted, so it was not sent; "
    "`vox-telemetry consent grant --include-pending` covers it",
)
FAILED_ALONE = Problem(
    type=_PREFIX + "failed-alone",
    title=f"the sink failed on this batch in {FAILED_ALONE_MAX_RUNS} runs while it took others",
)
