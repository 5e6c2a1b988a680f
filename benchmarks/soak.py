"""Does the sink stay up? Clients upload without a break while its Postgres is restarted under it.

Loopback only: a container of its own, the installed program, so many clients that each wait for
their answer and repeat a batch until they have its receipt. Every second restart of the database
is a kill. In the end what clients were told is compared with what is stored, one by one.
"""

import argparse
import asyncio
import platform
import signal
import statistics
import sys
import time
from dataclasses import dataclass, field

import asyncpg

from support.own_postgres import OwnPostgres, own_postgres
from support.senders import (
    HELD,
    NO_ANSWER,
    REFUSED,
    STORED,
    Ledger,
    Senders,
    enrolled_keys,
    says_whether_it_holds,
)
from support.sink_process import SinkProcess, sink_process
from support.world import free_port

DEFAULT_S = 600
DEFAULT_CLIENTS = 8
EVENTS_PER_BATCH = 20
RESTARTS = 6
WARM_UP_SHARE = 0.2
MEMORY_MAY_GROW = 1.3  # the end against the end of the warm-up
MIB = 1_048_576


@dataclass
class Observed:
    """What was seen from outside, a sample a second."""

    resident_bytes: list[int] = field(default_factory=list)
    receipts: list[int] = field(default_factory=list)
    disturbed: list[str] = field(default_factory=list)
    away_s: list[float] = field(default_factory=list)
    took_s: float = 0.0


def main() -> int:
    """Soak, print the table, and return 1 where a check is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=DEFAULT_S)
    parser.add_argument("--clients", type=int, default=DEFAULT_CLIENTS)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the container goes, too
    with own_postgres() as own, own.migrated_database() as dsn:
        return asyncio.run(soak(own, dsn, asked.seconds, asked.clients))


async def soak(own: OwnPostgres, dsn: str, seconds: float, clients: int) -> int:
    """Run the load and the restarts against one sink process."""
    seen = Observed()
    with sink_process(dsn, free_port()) as sink:
        keys = await enrolled_keys(dsn, clients)
        senders = Senders(sink.url, keys, events=EVENTS_PER_BATCH)
        began_s = time.monotonic()
        observing = asyncio.create_task(observe(sink, senders.ledger, seen))
        loading = asyncio.create_task(senders.run())
        await disturb(own, sink, seconds, seen)
        senders.stop()
        await loading
        seen.took_s = time.monotonic() - began_s
        observing.cancel()
        stayed_up = sink.process.poll() is None
    print_figures(senders.ledger, seen, clients)
    checks = await checked(dsn, senders.ledger, sink, seen)
    checks["the sink stayed up, one process"] = stayed_up
    for name, met in checks.items():
        print(f"{name:62} {'met' if met else 'NOT MET'}")
    return 0 if all(checks.values()) else 1


async def observe(sink: SinkProcess, ledger: Ledger, seen: Observed) -> None:
    """Sample until cancelled."""
    while True:
        seen.resident_bytes.append(sink.resident_bytes())
        seen.receipts.append(len(ledger.receipts))
        await asyncio.sleep(1)


async def disturb(own: OwnPostgres, sink: SinkProcess, seconds: float, seen: Observed) -> None:
    """Restart the database at even distances, and leave the last stretch undisturbed."""
    began_s = time.monotonic()
    restarts = min(RESTARTS, max(1, int(seconds / 8)))
    for number in range(1, restarts + 1):
        await asyncio.sleep(
            max(0.0, began_s + number * seconds / (restarts + 1) - time.monotonic())
        )
        away_since_s = time.monotonic()
        if number % 2:
            await asyncio.to_thread(own.restart)
        else:
            await asyncio.to_thread(own.kill)
            await asyncio.to_thread(own.start)
        await asyncio.to_thread(sink.wait_until_ready)
        seen.disturbed.append("restart" if number % 2 else "kill")
        seen.away_s.append(time.monotonic() - away_since_s)
    await asyncio.sleep(max(0.0, began_s + seconds - time.monotonic()))


def print_figures(ledger: Ledger, seen: Observed, clients: int) -> None:
    """Print what was measured."""
    answers = ledger.answers
    cuts = statistics.quantiles(ledger.latencies_s, n=100)
    memory = [size / MIB for size in seen.resident_bytes]
    warm = memory[int(len(memory) * WARM_UP_SHARE)]
    away = ", ".join(f"{word} {s:.1f}" for word, s in zip(seen.disturbed, seen.away_s, strict=True))
    print(f"{seen.took_s:.0f} s, {clients} clients, batches of {EVENTS_PER_BATCH} events; ", end="")
    print(f"{platform.system()} {platform.machine()}, CPython {platform.python_version()}")
    for name, figure in {
        "batches acknowledged": f"{len(ledger.receipts)}",
        "batches a second": f"{len(ledger.receipts) / seen.took_s:.1f}",
        "events a second": f"{len(ledger.receipts) * EVENTS_PER_BATCH / seen.took_s:.0f}",
        "answers": f"{sum(answers.values())}",
        **ledger.answers_by_name(),
        "latency p50, ms": f"{cuts[49] * 1000:.1f}",
        "latency p99, ms": f"{cuts[98] * 1000:.1f}",
        "latency max, ms": f"{max(ledger.latencies_s) * 1000:.0f}",
        "memory (RSS) at the start, after warm-up, MiB": f"{memory[0]:.0f}, {warm:.0f}",
        "memory (RSS) at most, at the end, MiB": f"{max(memory):.0f}, {memory[-1]:.0f}",
        "database away until ready again, s": away,
    }.items():
        print(f"{name:48} {figure}")


async def checked(dsn: str, ledger: Ledger, sink: SinkProcess, seen: Observed) -> dict[str, bool]:
    """Compare answers, log and tables."""
    answers, logged = ledger.answers, sink.logged
    connection = await asyncpg.connect(dsn)
    [batches, rejections] = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM rejection)"
    )
    await connection.close()
    holds = await says_whether_it_holds(dsn, ledger)
    warm = seen.resident_bytes[int(len(seen.resident_bytes) * WARM_UP_SHARE)]
    return {
        "every receipt's batch is stored with its rows, no event twice": holds,
        "stored batches = receipts": batches == len(ledger.receipts) == len(ledger.sent),
        "received = stored + duplicate + rejected + put off": sum(answers.values())
        == logged["stored"] + logged["duplicate"] + logged["refused"],
        "201 = stored, 200 = duplicate": (answers[STORED], answers[HELD])
        == (logged["stored"], logged["duplicate"]),
        "422 = rejection rows": answers[REFUSED] == rejections + logged["rejection-not-kept"],
        "no other answer, none missing": not ledger.other_answers and not answers[NO_ANSWER],
        "no error in the log": not sink.errors,
        f"memory in the end at most {MEMORY_MAY_GROW} x after warm-up": seen.resident_bytes[-1]
        <= warm * MEMORY_MAY_GROW,
    }


if __name__ == "__main__":
    sys.exit(main())
