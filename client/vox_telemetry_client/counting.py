"""A number with its noun, as a person says it. Pure."""


def counted(number: int, one: str, many: str) -> str:
    """Return `1 batch` or `2 batches`."""
    return f"{number} {noun(number, one, many)}"


def noun(number: int, one: str, many: str) -> str:
    """Return the words that go with a number, where it is written in another way."""
    return one if number == 1 else many


def n_batches(number: int, one: str = "", many: str = "") -> str:
    """Return so many batches, and what they do."""
    return counted(number, f"batch{one}", f"batches{many or one}")


def n_events(number: int) -> str:
    """Return so many events."""
    return counted(number, "event", "events")
