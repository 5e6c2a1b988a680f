"""Lines of the journal that cannot be read: counted, and the first few named."""

from dataclasses import dataclass, field

from vox_telemetry_client.cli import output
from vox_telemetry_client.counting import counted
from vox_telemetry_client.limits import DAMAGED_LINES_SHOWN_MAX


@dataclass
class Damage:
    """Which lines cannot be read; the first few by number."""

    count: int = 0
    numbers: list[int] = field(default_factory=list)

    def add(self, number: int) -> None:
        """Count one more line."""
        self.count += 1
        if len(self.numbers) < DAMAGED_LINES_SHOWN_MAX:
            self.numbers.append(number)

    def members(self) -> dict[str, object]:
        """Return the member of a `--json` document."""
        return {"unreadable": {"count": self.count, "first_lines": self.numbers}}

    def tell(self) -> None:
        """Say on stderr that there are such lines."""
        if self.count:
            numbers = ", ".join(map(str, self.numbers))
            more = ", …" if self.count > len(self.numbers) else ""
            lines = counted(self.count, "unreadable line", "unreadable lines")
            output.note(f"the journal has {lines}: {numbers}{more}")
