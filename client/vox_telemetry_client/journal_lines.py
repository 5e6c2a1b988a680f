"""The lines of the journal as types: each is one decision, and says when it was made. Pure."""

from typing import NamedTuple, TypeAlias

import msgspec

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.consent import Consent
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt
from vox_telemetry_spec.receipt_signature import SignedReceipt

PENDING, REJECTED = "pending", "rejected"  # what `Discarded.room` may say


class _Line(msgspec.Struct, frozen=True, tag_field="event", omit_defaults=True):
    at: str


class Enqueued(_Line, frozen=True, tag="enqueued"):
    """Batches of one `enqueue`: all of them are approved together or not at all.

    Many take several lines, one directly after another: `first` is how many batches stand in the
    lines before, `rest` how many in those that follow. The line without a rest approves them all.
    """

    batches: list[Approval]
    first: int = 0
    rest: int = 0


class Ended(msgspec.Struct, frozen=True):
    """What a line closes: `tally` need not look back for it.

    Absent where not all of its batches were open, and in lines of the format before it.
    """

    events: int
    bytes: int


class Attempt(_Line, frozen=True, tag="attempt"):
    """One request and what its answer asks for; `status` 0 means that no answer came."""

    batch_id: str
    duty: str
    status: int = 0


class Acknowledged(_Line, frozen=True, tag="acknowledged"):
    """The sink holds the batch and said so.

    `proof` is what it signed, to be verified again; `sink_key_id` names the key that was pinned
    and whose signature it was then found to be.
    """

    batch_id: str
    receipt: Receipt
    duplicate: bool = False
    ended: Ended | None = None
    proof: SignedReceipt | None = None
    sink_key_id: str | None = None


class Proof(NamedTuple):
    """The last two members of `Acknowledged`."""

    signed: SignedReceipt | None
    sink_key_id: str | None


UNSIGNED = Proof(None, None)


class Rejected(_Line, frozen=True, tag="rejected"):
    """The batch is set aside."""

    batch_id: str
    problem: Problem
    ended: Ended | None = None


class Split(_Line, frozen=True, tag="split"):
    """A batch was too large for the sink; these smaller ones take its place."""

    batch_id: str
    batches: list[Approval]
    ended: Ended | None = None


class Pruned(_Line, frozen=True, tag="pruned"):
    """Rows that retention takes from a database, by table; written just before they are deleted.

    A crash between the two leaves the line and the rows; the next prune then counts them again.
    """

    database: str
    policy: str
    tables: dict[str, int]


class ConsentDecided(_Line, frozen=True, tag="consent"):
    """What the operator decided; a grant may cover what was approved before this line as well."""

    consent: Consent
    include_pending: bool = False


class Discarded(_Line, frozen=True, tag="discarded"):
    """A person had these batches deleted; `reason` says by which command.

    `room` names the one folder in which they lay; without it, all that lies under the ids goes.
    """

    batch_ids: list[str]
    reason: str
    ended: Ended | None = None
    room: str = ""


class Retried(_Line, frozen=True, tag="retried"):
    """A person put back what was set aside; the approvals are those of before."""

    batches: list[Approval]


class Foreign(_Line, frozen=True, tag="foreign"):
    """Files in `pending/` that are no batches, by name; moved to `folder` just after."""

    names: list[str]
    folder: str


class Cleaned(_Line, frozen=True, tag="cleaned"):
    """Files that are no batches, by path under the spool; deleted just after."""

    files: list[str]
    reason: str


Line: TypeAlias = (
    Enqueued
    | Attempt
    | Acknowledged
    | Rejected
    | Split
    | Pruned
    | ConsentDecided
    | Discarded
    | Retried
    | Foreign
    | Cleaned
)
Closing: TypeAlias = Acknowledged | Rejected | Split | Discarded
