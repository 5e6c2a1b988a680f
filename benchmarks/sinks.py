"""The sink under test: the installed program, as an operator runs it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from costs import peak_bytes, processor_s
from databases import Database
from made import AUTHORITY
from processes import answers, scratch, started, wait_until

from support.cli import command
from support.world import free_port
from vox_telemetry_sink.receipt_key import generate_receipt_key

# The most that may be set: what is measured is the sink, not its rate limiter.
RATES: Final = {"VOX_SINK_RATE_PER_S": "10000", "VOX_SINK_RATE_BURST": "100000"}


# One a core, as docs/operating-sink.md advises.
WORKERS: Final = os.cpu_count() or 1


@dataclass(frozen=True)
class Sink:
    """A running `vox-telemetry-sink serve`."""

    port: int
    process: int

    def processor_s(self) -> float | None:
        """Return the processor time so far of all its processes."""
        return processor_s(self.process)

    def peak_bytes(self) -> int:
        """Return the most memory that one of its processes has held."""
        return peak_bytes(self.process)


@contextmanager
def serving(database: Database, *, workers: int = WORKERS) -> Iterator[Sink]:
    """Run it with signed receipts, and with its defaults but for rate and authority."""
    port = free_port()
    with scratch("sink-") as folder:
        generate_receipt_key(folder / "receipt-key.pem")
        settings = {
            "VOX_SINK_DATABASE_URL": database.dsn,
            "VOX_SINK_PUBLIC_AUTHORITY": AUTHORITY,
            "VOX_SINK_RECEIPT_KEY_FILE": str(folder / "receipt-key.pem"),
            **RATES,
        }
        options = ["--port", str(port), "--workers", str(workers)]
        serve = command("vox-telemetry-sink", "serve", *options)
        log = folder / "log"
        with started(serve, log, settings) as process:
            wait_until(partial(answers, f"http://127.0.0.1:{port}/readyz"), process, log)
            yield Sink(port, process.pid)
