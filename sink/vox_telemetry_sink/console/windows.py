"""The days that a page looks at, in UTC, today included; pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Self


class Window(NamedTuple):
    """Some whole days up to `today`, which has not ended."""

    today: date
    days: int

    @classmethod
    def of(cls, now: datetime, days: int) -> Self:
        """Return the window of so many days that ends with the UTC day of an aware time."""
        return cls(now.astimezone(UTC).date(), days)

    @property
    def first(self) -> date:
        """The first day."""
        return self.today - timedelta(days=self.days - 1)

    @property
    def since(self) -> datetime:
        """When the first day begins."""
        return datetime.combine(self.first, time(), UTC)

    def every_day(self) -> list[date]:
        """Return all days, the oldest first."""
        return [self.first + timedelta(days=offset) for offset in range(self.days)]
