"""What a test is called in a row: the words of its code, and never those of its data. Pure.

A name is the module, the classes and the function, with dots between them, which is also what
pytest writes as `classname` and `name` into a JUnit file. What follows a bracket, or in the name of
a case a slash (subtests of Go), is a set of parameters and is cut off. Text that no identifier or
relative path could be (a title in words, an absolute path, a URL) is not used at all, not even as a
digest: short texts can be guessed from theirs. Such a case counts for what it lies in.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from vox_telemetry_client.timing_event import TOKEN_MAX_CHARS

NAME_MAX_CHARS = 1_024  # beyond the longest path of a module that anybody would type

_PARAMETERS = re.compile(r"[\[({/\\].*", re.DOTALL)
_CODE = re.compile(r"[\w$.:+/\\-]*[\w$.+/\\-]")
_ABSOLUTE = re.compile(r"[/\\]|[^/\\]*:[/\\]")  # also C:\, https:// and file:/home
_ADDRESS = re.compile(r"[0-9.:]+")  # no code begins with a digit; 10.0.0.1 does
_SLASHES = re.compile(r"[/\\]+")
_NO_TOKEN = re.compile(r"[^A-Za-z0-9_.:+-]")
_DIGEST_CHARS = 12
_JOINED = re.compile(r"[.:]")
_MEMO_MAX_SCOPES = 4_096  # files and classes of a large run
_REMOTE_PARTS = 3  # host, owner, repository: how Go writes the path of a package


class Place(NamedTuple):
    """The names that a case may count for: its own, then those of what it lies in.

    `own` is None where the case has no name of code. `pieces` are what it is joined of, where they
    have dots or colons: an address between other numbers may look like a version.
    """

    own: str | None
    around: tuple[str, ...]
    pieces: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the preferred one first."""
        return self.around if self.own is None else (self.own, *self.around)


def place_of(function: str, scopes: Sequence[str]) -> Place:
    """Return the names for a case, given what it is called and what it lies in, innermost first.

    Each is a token of the contract; one that had to be cut or spelled anew ends with a digest.
    """
    fit = (text for text in scopes if len(text) <= NAME_MAX_CHARS)  # what is longer is not kept
    around = [scope for scope in map(_scope, fit) if scope]
    own = _PARAMETERS.sub("", function).strip()
    if not _is_code(own):
        return Place(None, tuple(map(_scope_token, around)))
    whole = f"{around[0]}.{own}" if around else own
    tokens = tuple(map(_scope_token, around))
    pieces = tuple(piece for piece in (*tokens[:1], _token(own)) if _JOINED.search(piece))
    return Place(_token(whole), tokens, pieces)


@lru_cache(_MEMO_MAX_SCOPES)
def _scope(text: str) -> str:
    """Return a module, package or file as dotted words, or nothing."""
    text = text.strip()
    if not _is_code(text):
        return ""
    parts = [part for part in _SLASHES.split(text) if part not in {"", "."}]
    if ".." in parts:
        parts = parts[-1:]  # what lies outside of the project may be anybody's folder
    elif text.startswith(".") and not text.startswith("./"):
        # The same, or an absolute path, as pytest writes it into a JUnit file.
        parts = [text.rpartition(".")[2]]
    elif len(parts) > 1 and "." in parts[0]:
        parts = parts[_REMOTE_PARTS:]
    return ".".join(parts).removesuffix(".py").strip(".")


@lru_cache(_MEMO_MAX_SCOPES)
def _scope_token(scope: str) -> str:
    """Return the token of a scope, the same text for all of its cases: suites may lie deep."""
    return _token(scope)


def _is_code(text: str) -> bool:
    if len(text) > NAME_MAX_CHARS:
        return False
    if _ADDRESS.fullmatch(text) or _ABSOLUTE.match(text):
        return False
    return _CODE.fullmatch(text) is not None


def _token(name: str) -> str:
    """Return a name as a token; one that loses something stays apart from others by its digest."""
    token = _NO_TOKEN.sub("_", name.replace("$", "."))
    if token == name.replace("$", ".") and len(token) <= TOKEN_MAX_CHARS:
        return token
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGEST_CHARS]
    return f"{token[-(TOKEN_MAX_CHARS - _DIGEST_CHARS - 1) :]}-{digest}"
