"""Look for a secret in everything that an error, or a crash reporter, could show of it."""

import base64
import io
import traceback

from rich.console import Console
from rich.traceback import Traceback


def spellings(secret: str) -> list[str]:
    """Give a base64url secret in all the ways in which it could be printed; or parts of it."""
    raw = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    whole = [secret, base64.b64encode(raw).decode().rstrip("="), raw.hex(), repr(raw)[2:-1]]
    return [part for text in whole for part in (text[: len(text) // 2], text[len(text) // 2 :])]


def shown(exc: BaseException) -> str:
    """Give all that Python and rich can say of an error, local variables included."""
    python = traceback.TracebackException.from_exception(exc, capture_locals=True)
    # Its own choice of causes aside, every context is looked into.
    lines = list(python.format())
    console = Console(file=io.StringIO(), width=10_000)
    context: BaseException | None = exc
    while context is not None:
        console.print(
            Traceback.from_exception(
                type(context),
                context,
                context.__traceback__,
                show_locals=True,
                locals_max_string=None,
                locals_max_length=None,
            )
        )
        lines += [repr(context), str(context)]
        lines += traceback.TracebackException.from_exception(context, capture_locals=True).format()
        context = context.__cause__ or context.__context__
    assert isinstance(console.file, io.StringIO)
    return "".join(lines) + console.file.getvalue()


def assert_hidden(exc: BaseException, secret: str) -> None:
    """Assert that no frame below the test's own shows the secret."""
    # The test itself knows the secret: its frames do not count.
    inner = exc.__traceback__
    while inner is not None and "/tests/" in inner.tb_frame.f_code.co_filename:
        inner = inner.tb_next
    text = shown(exc.with_traceback(inner))
    assert type(exc).__name__ in text
    found = [part for part in spellings(secret) if part in text]
    assert not found
