"""Is a request meant for this console, and made by a page of it? Pure.

The Host header says by which name a browser reached us: with DNS rebinding it is the name of
another site. Origin and Sec-Fetch-Site say which page made it send a form.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from vox_telemetry_sink.errors import ConsoleRefusalError

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def own_origins(
    host: str, public_origin: str | None, public_authority: str | None
) -> frozenset[str]:
    """Return the origins that pages have which were asked for by this name.

    Raises:
        ConsoleRefusalError: a name that is neither the public one nor loopback's (421, RFC 9110
            section 15.5.20).

    """
    asked = host.lower()
    name, _, port = asked.rpartition(":")
    if asked in _LOOPBACK or (name in _LOOPBACK and port.isdigit()):
        return frozenset({f"http://{asked}", f"https://{asked}"})
    if public_authority is not None and _bare(asked) == _bare(public_authority):
        return frozenset({public_origin or f"https://{_bare(public_authority)}"})
    raise ConsoleRefusalError(
        HTTPStatus.MISDIRECTED_REQUEST,
        "The console does not answer under this name. Ask for it on the machine itself, at "
        "127.0.0.1, or under the address that VOX_SINK_PUBLIC_ORIGIN names.",
    )


def check_same_origin(method: str, fields: Mapping[str, str], ours: frozenset[str]) -> None:
    """Refuse a request that changes something unless a page of ours made it.

    Either header is proof. Our own pages send `Origin: null`, since their Referrer-Policy is
    no-referrer (WHATWG Fetch, "append a request `Origin` header"), and `Sec-Fetch-Site:
    same-origin` beside it; a browser without the latter (before 2023) cannot use the forms.

    Raises:
        ConsoleRefusalError: no proof, or proof of the contrary (403).

    """
    if method in _SAFE_METHODS:
        return
    site, origin = fields.get("sec-fetch-site"), fields.get("origin", "null").lower()
    is_foreign = origin not in {"null", *ours} or site not in {None, "same-origin"}
    if is_foreign or (origin == "null" and site is None):
        raise ConsoleRefusalError(
            HTTPStatus.FORBIDDEN,
            "Another site's page, or no page at all, made this request; nothing was changed. "
            "Open the console by its own address and do it there.",
        )


def _bare(authority: str) -> str:
    return authority.removesuffix(":443").removesuffix(":80")
