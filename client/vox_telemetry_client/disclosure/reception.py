"""The questions before any page is made, in their order: which host, what method, who is it.

Only `GET` of the address with the token changes anything here: that token is dead afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock

from vox_telemetry_client.disclosure.admission import Admission
from vox_telemetry_client.disclosure.replies import Reply, see_other

_OPEN = "/open/"
_START_ANEW = "end `vox-telemetry view` in its terminal with Ctrl-C and start it again"
WRONG_HOST = (
    "this page answers to the address that the terminal shows and to no other name: another "
    "website may have led your browser here"
)
ONLY_LOOKING = "this page can only be looked at: GET and HEAD are answered, nothing else"
NOT_ADMITTED = (
    "open the address that `vox-telemetry view` has shown in its terminal: without it, nothing is "
    f"shown here. It is good for one browser; if you have lost it, {_START_ANEW}"
)
USED_BEFORE = (
    "this address has been used: it is good once. In the browser that opened it, the page goes on "
    f"working. If that was not you, somebody else on this machine was: {_START_ANEW}, with "
    "--no-open, and paste the new address yourself"
)
CAME_BY_LINK = (
    "this browser was not let in, or it came by a link on another page, and then it keeps its "
    f"cookie back: if it is the one that opened the address, go on below. If not, {_START_ANEW}"
)
FAILED = (
    "this page could not be made, which is a mistake of this program: please report it with the "
    "line in the terminal. Nothing was changed, and `vox-telemetry status` and `show` say the same"
)


@dataclass(frozen=True)
class Request:
    """What the questions are asked of; `path` is without its query, which is never read."""

    method: str
    path: str
    hosts: Sequence[str]
    cookies: Sequence[str]


class Reception:
    """Lets in, or says in words why not; one page is made at a time, so memory is bounded."""

    def __init__(
        self,
        admission: Admission,
        page: Callable[[str], Reply],
        refusal: Callable[[HTTPStatus, str], Reply],
    ) -> None:
        """Take who makes the page of a path, and who puts a refusal into a page."""
        self._admission = admission
        self._page = page
        self._refusal = refusal
        self._one_at_a_time = Lock()

    def answer(self, request: Request) -> Reply:
        """Return the answer to one request."""
        if not self._admission.is_ours(request.hosts):
            return self._refusal(HTTPStatus.MISDIRECTED_REQUEST, WRONG_HOST)
        if request.method not in ("GET", "HEAD"):
            return self.refuse_method()
        if request.path.startswith(_OPEN):
            return self._open(request)
        if not self._admission.knows(request.cookies):
            words = CAME_BY_LINK if self._admission.was_redeemed else NOT_ADMITTED
            return self._refusal(HTTPStatus.FORBIDDEN, words)
        with self._one_at_a_time:
            return self._page(request.path)

    def refuse_method(self) -> Reply:
        """Say that this is for looking only (RFC 9110 section 15.5.6 wants `Allow`)."""
        refused = self._refusal(HTTPStatus.METHOD_NOT_ALLOWED, ONLY_LOOKING)
        return Reply(refused.status, refused.body, headers=(("Allow", "GET, HEAD"),))

    def malformed(self) -> Reply:
        """Answer what is no HTTP, or too much of it; none of it is repeated."""
        return self._refusal(HTTPStatus.BAD_REQUEST, "this is no request that a browser makes")

    def failed(self) -> Reply:
        """Answer where a page could not be made by a mistake of ours."""
        return self._refusal(HTTPStatus.INTERNAL_SERVER_ERROR, FAILED)

    def _open(self, request: Request) -> Reply:
        if self._admission.knows(request.cookies):  # the same browser, going back
            return see_other("/")
        token = request.path.removeprefix(_OPEN)
        if request.method == "GET" and self._admission.redeem(token):
            return see_other("/", ("Set-Cookie", self._admission.cookie))
        words = USED_BEFORE if self._admission.was_redeemed else NOT_ADMITTED
        return self._refusal(HTTPStatus.FORBIDDEN, words)
