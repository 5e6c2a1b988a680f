"""Several worker processes on one port, each with a listening socket of its own.

uvicorn gives all workers one socket. Whoever wakes up first then takes every connection that waits,
and a client or proxy that opens its connections at once and keeps them works one worker only. With
SO_REUSEPORT (Linux 3.9, socket(7)) the kernel spreads connections over the sockets.
"""

import socket
import sys
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

_SPREADS = sys.platform == "linux"  # elsewhere one socket gets all, or the option is missing


class _Place(socket.socket):
    """An address that the parent holds and no worker inherits: it is never listened on.

    A worker gets its arguments pickled, and in its hands this becomes a new socket there.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _bound, (self.family, self.getsockname())


def run_workers(factory: str, **options: Any) -> None:  # noqa: ANN401 -- uvicorn.Config's own
    """Serve with `workers` processes that make their application by `factory`, until a signal.

    Args:
        factory: `module:function`, called in each worker.
        options: of uvicorn.Config, `host`, `port` and `workers` among them.

    Raises:
        SystemExit: the address is taken; uvicorn has logged it.

    """
    config = uvicorn.Config(factory, factory=True, **options)
    listening = config.bind_socket()
    if _SPREADS:
        # A second sink of the same user could share the port unseen, so that it must first be free.
        family, address = listening.family, listening.getsockname()
        listening.close()
        listening = _bound(family, address)
    Multiprocess(config, sockets=[listening]).run()


def _bound(family: int, address: Any) -> _Place:  # noqa: ANN401 -- its shape is the family's
    place = _Place(family, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.bind(address)
    return place
