"""How many there are, and the names of the first: what is said of a number without bound. Pure."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from vox_telemetry_client.limits import LISTED_MAX_BATCHES


@dataclass
class Some:
    """A count, and at most LISTED_MAX_BATCHES of what was counted."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, names: Iterable[str]) -> "Some":
        """Count `names`, and keep the smallest, which of ids are the oldest."""
        found = cls()
        found.first = heapq.nsmallest(LISTED_MAX_BATCHES, found._counted(names))
        return found

    def add(self, name: str) -> None:
        """Count one more, and keep it if it is among the first to come."""
        self.count += 1
        if len(self.first) < LISTED_MAX_BATCHES:
            self.first.append(name)

    def _counted(self, names: Iterable[str]) -> Iterable[str]:
        for name in names:
            self.count += 1
            yield name
