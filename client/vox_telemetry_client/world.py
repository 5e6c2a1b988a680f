"""What one upload runs in: the world around it, and who sends where."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from vox_telemetry_client.delivery import Answer, Fault
from vox_telemetry_client.report import Outcome
from vox_telemetry_client.signing import authorization
from vox_telemetry_client.switches import Decision
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.keys import PublicKey, SigningKey
from vox_telemetry_spec.wire import IngestTarget


@dataclass(frozen=True)
class World:
    """What the uploader needs of the world around it, so that a test can give another."""

    post: Callable[[dict[str, str], bytes], Answer | Fault]
    may_send: Callable[[], Decision]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    contracts: Callable[[], Contracts]
    on_outcome: Callable[[Outcome], None]
    on_wait: Callable[[float, str], None]


@dataclass(frozen=True)
class Sender:
    """Where to send, who signs, and who must sign receipts; the token never shows.

    `in_file` says that the key lies in a key file, which is replaced in another way.
    """

    target: IngestTarget
    key: SigningKey
    headers: dict[str, str]
    sink_key: PublicKey | None = None
    in_file: bool = False

    @classmethod
    def of(
        cls,
        target: IngestTarget,
        key: SigningKey,
        token: str | None,
        sink_key: PublicKey | None,
        *,
        in_file: bool = False,
    ) -> "Sender":
        """Put the token into its header."""
        return cls(target, key, authorization(token), sink_key, in_file)

    def __repr__(self) -> str:
        """Leave out the headers: they hold the token."""
        return f"Sender({self.target.url!r}, {self.key!r})"
