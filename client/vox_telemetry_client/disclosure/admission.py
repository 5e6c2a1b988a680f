"""Who may look: whoever brings the one-time token, and from then on that one browser. Pure.

The token travels in an address, which a terminal keeps and a browser remembers; so it is good once.
What lets in afterwards is a cookie that no page can read and that is never shown anywhere.
"""

import hmac
from collections.abc import Callable, Sequence
from threading import Lock

HOST = "127.0.0.1"
_HOSTS = (HOST, "localhost")


class Admission:
    """The token and the cookie of one run, on one port."""

    def __init__(self, port: int, random: Callable[[], str]) -> None:
        """Draw both; `random` gives at least 128 random bits in letters that a URL may have."""
        self._port = port
        self._token = random()
        self._session = random()
        self._used = False
        self._one_at_a_time = Lock()

    @property
    def address(self) -> str:
        """The URL to open, with the token."""
        return f"http://{HOST}:{self._port}/open/{self._token}"

    @property
    def cookie(self) -> str:
        """The Set-Cookie field; cookies know no ports, so the port is in the name (RFC 6265 8.5).

        Not `Secure`: there is no TLS on loopback.
        """
        return f"{self._name}={self._session}; Path=/; HttpOnly; SameSite=Strict"

    def is_ours(self, hosts: Sequence[str]) -> bool:
        """Tell whether a request names this machine as a person would, and once.

        A page of elsewhere whose name was made to lead to loopback (DNS rebinding) names itself.
        """
        return len(hosts) == 1 and hosts[0] in [f"{host}:{self._port}" for host in _HOSTS]

    def redeem(self, token: str) -> bool:
        """Take the token, once; of two who bring it at the same moment one is let in."""
        with self._one_at_a_time:
            if self._used or not _same(token, self._token):
                return False
            self._used = True
            return True

    @property
    def was_redeemed(self) -> bool:
        """Whether somebody has been let in."""
        return self._used

    def knows(self, cookies: Sequence[str]) -> bool:
        """Tell whether Cookie fields hold the session of this run."""
        pairs = (pair.strip().partition("=") for field in cookies for pair in field.split(";"))
        return any(
            name == self._name and _same(session, self._session) for name, _, session in pairs
        )

    @property
    def _name(self) -> str:
        return f"vox_telemetry_view_{self._port}"


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
