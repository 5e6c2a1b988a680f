"""A value that nothing shows by accident: no repr, no log line, no traceback with its locals."""

from typing import Generic, NoReturn, TypeVar

T = TypeVar("T", bound=str | bytes)


class Hidden(Generic[T]):
    """A secret; `reveal` at the one place that needs it, and never into a variable.

    Crash reporters and rich's tracebacks print the local variables of every frame. A frame whose
    variables are of this kind has nothing to print.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        """Take the secret."""
        self._value: T = value

    def reveal(self) -> T:
        """Return the secret."""
        return self._value

    def __repr__(self) -> str:
        """Say that something is here, and not what."""
        return "Hidden(***)"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises:
            TypeError: always.

        """
        raise TypeError("a hidden value cannot be pickled")
