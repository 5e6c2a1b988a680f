"""One batch file as it lies there, pending or set aside, whatever its bytes are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from vox_telemetry_client.batch import Batch, sha256_hex
from vox_telemetry_client.disclosure.slices import events_of
from vox_telemetry_client.switches import Decision
from vox_telemetry_spec.problems import Problem


@dataclass(frozen=True)
class Opened:
    """A batch; `trouble` is why its bytes are not the approved ones, empty where they are.

    `payload` is None where there are no bytes that a batch can have; `name` is the batch id, with
    a number behind where several were set aside under it.
    """

    room: str
    name: str
    payload: bytes | None
    trouble: str
    set_aside_at: str = ""
    problem: Problem | None = None

    @property
    def sha256(self) -> str:
        """The digest of the bytes that lie there, in hex; empty where there are none."""
        return "" if self.payload is None else sha256_hex(self.payload)

    @cached_property
    def events(self) -> list[bytes] | None:
        """The bytes of each event, None where the payload is not as we compose one."""
        return None if self.payload is None else events_of(self.payload)

    @property
    def approved_at(self) -> datetime | None:
        """When an operator approved the events, as the payload says."""
        return None if self.payload is None else Batch(self.name, self.payload, 0).approved_at


def obstacles(
    *, trouble: str, decision: Decision, is_covered: bool, hindrances: Sequence[str]
) -> list[str]:
    """Return why an upload at this moment would not send a pending batch, the strongest first.

    `hindrances` are those of every batch.
    """
    found = []
    if trouble:
        end = "the next upload sets it aside unsent" if decision.allowed else "it is never sent"
        found.append(f"its bytes are not approved: {trouble}; {end}")
    if not decision.allowed:
        found.append(f"{decision.reason} (decided by {decision.source})")
    elif not is_covered:
        found.append(
            "it was enqueued before consent was granted: `vox-telemetry consent grant "
            "--include-pending` covers it"
        )
    return [*found, *hindrances]
