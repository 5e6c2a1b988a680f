"""A batch that is too large for the sink becomes two of half its events. Pure."""

from collections.abc import Callable
from datetime import datetime

from vox_telemetry_client.batch import Batch, compose_all
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.envelope import read_envelope


def halve(
    batch: Batch, contracts: Contracts, *, now: datetime, random: Callable[[int], bytes]
) -> list[Batch]:
    """Return two batches with new ids, or none when there is but one event to send.

    The events are those of the approved bytes, in their order, and no others. The ids are new, and
    their `approved_at` says `now`, when the halves were made.

    Raises:
        SpecError: the bytes are no batch; impossible for bytes that `enqueue` made.

    """
    envelope = read_envelope(batch.payload, contracts)
    if len(envelope.events) < 2:  # noqa: PLR2004 -- two halves need two events
        return []
    middle = len(envelope.events) // 2
    runs = [envelope.events[:middle], envelope.events[middle:]]
    return list(compose_all(runs, producer=envelope.producer, approved_at=now, random=random))
