"""Several worker processes on one port, each with a listening socket of its own.

uvicorn gives all workers one socket. Whoever wakes up first then takes every connection that waits,
and a client or proxy that opens its connections at once and keeps them works one worker only. With
SO_REUSEPORT (Linux 3.9, socket(7)) the kernel spreads connections over the sockets.
"""

import logging
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import uvicorn
from litestar.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

_SPREADS = sys.platform == "linux"  # elsewhere one socket gets all, or the option is missing


class _Place(socket.socket):
    """An address that the parent holds and no worker inherits: it is never listened on.

    A worker gets its arguments pickled, and in its hands this becomes a new socket there.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _bound, (self.family, self.getsockname())


def run_workers(
    factory: Callable[[], ASGIApp],
    **options: Any,  # noqa: ANN401 -- uvicorn.Config's own
) -> None:
    """Serve with `workers` processes that make their application by `factory`, until a signal.

    Args:
        factory: called in each worker, which gets it pickled, through a pipe: what it carries is in
            no environment, where /proc would show it.
        options: of uvicorn.Config, `host`, `port` and `workers` among them.

    Raises:
        SystemExit: the address is taken, or a worker could not start; uvicorn has logged it.

    """
    config = uvicorn.Config(factory, factory=True, **options)
    with ExitStack() as stack:
        listening = config.bind_socket()
        if _SPREADS:
            # A second sink of the same user could share the port unseen: nobody may listen there,
            # nor be about to.
            family, address = listening.family, listening.getsockname()
            listening.close()
            stack.enter_context(_claimed(address))
            listening = _bound(family, address)
        stack.enter_context(listening)
        supervisor = Multiprocess(config, sockets=[listening])
        supervisor.run()
    # uvicorn ends as if it had been told to; whoever restarts what fails would leave it at that.
    if any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes):
        sys.exit(STARTUP_FAILURE)


def _claimed(address: Any) -> socket.socket:  # noqa: ANN401 -- its shape is the family's
    """Return what keeps a second parent away until workers listen, and while none of them does.

    An abstract name (unix(7)): of the same network namespace as the port, and gone with its holder.

    Raises:
        SystemExit: another has it, which is logged as uvicorn does.

    """
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0vox-telemetry-sink [{address[0]}]:{address[1]}")
    except OSError as exc:
        claim.close()
        logging.getLogger("uvicorn.error").error(exc)  # noqa: TRY400 -- no traceback, as uvicorn's
        sys.exit(STARTUP_FAILURE)
    return claim


def _bound(family: int, address: Any) -> _Place:  # noqa: ANN401 -- its shape is the family's
    place = _Place(family, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.bind(address)
    return place
