"""Does a failover lose a batch? Two Patroni nodes, one etcd and a sink under load, on loopback.

The leader is killed (SIGKILL of Patroni and of Postgres), the replica is promoted, the sink finds
it by its multi-host DSN, the old leader comes back as a replica. In the end what clients were told
is compared with what is stored, one by one. Prints a report; returns 1 where a check is not met, 2
where a program is missing or does not do its part. It takes about two minutes, and ends whatever
it started.
"""

import argparse
import asyncio
import os
import platform
import secrets
import shutil
import signal
import subprocess
import sys
import time
import venv
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
from nodes import Node, Programs, TrialError, etcd, two_nodes, until

from support.postgres import in_own_loop
from support.senders import Ledger, Senders, enrolled_keys, says_whether_it_holds
from support.sink_process import SinkProcess, sink_process
from support.world import free_port
from vox_telemetry_sink.database import migrate
from vox_telemetry_sink.embedded.server_user import ServerUser, choose_server_user

# Where Patroni is not on PATH: into a virtual environment in the trial's folder.
PATRONI = ("patroni[etcd3]==4.1.5", "psycopg[binary]==3.3.9")
CLIENTS = 4
EVENTS_PER_BATCH = 20
LOAD_S = 5.0  # before the kill, after the promotion, and after the old leader came back
PROMOTED_WITHIN_S = 60
REJOINED_WITHIN_S = 60
SAMPLED_EVERY_S = 0.05


@dataclass
class Seen:
    """What was seen from outside."""

    promoted_s: float = 0.0
    rejoined_s: float = 0.0
    longest_gap_s: float = 0.0
    gap_began_s: float = field(default_factory=time.monotonic)
    receipts: int = 0
    rows_of_replica: int = -1


def main() -> int:
    """Try it in a temporary folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that everything is ended, too
    folder = Path(mkdtemp(prefix="vox-failover-"))
    user = choose_server_user(folder)
    os.chown(folder, user.uid, -1)
    try:
        result = try_in(folder, user)
    except TrialError as exc:
        print(f"failover: {exc}; the logs are in {folder}")
        return 2
    shutil.rmtree(folder)
    return result


def try_in(folder: Path, user: ServerUser) -> int:
    """Start everything, try, report."""
    began_s = time.monotonic()
    programs = Programs(found("etcd", "etcd-server"), patroni_in(folder), servers(), folder, user)
    with etcd(programs) as address, two_nodes(programs, address) as nodes:
        dsn = prepared(nodes)
        in_own_loop(lambda: migrate(dsn))
        with sink_process(dsn, free_port()) as sink:
            keys = in_own_loop(lambda: enrolled_keys(dsn, CLIENTS))
            senders = Senders(sink.url, keys, events=EVENTS_PER_BATCH)
            seen = asyncio.run(under_load(senders, nodes, sink))
            stayed_up = sink.process.poll() is None
        seen.rows_of_replica = in_own_loop(lambda: batches_on(dsn, nodes[0].port))
        checks = in_own_loop(lambda: checked(dsn, senders.ledger, seen))
    checks["the sink stayed up, one process, no error in its log"] = stayed_up and not sink.errors
    report(senders.ledger, seen, time.monotonic() - began_s)
    for name, met in checks.items():
        print(f"{name:66} {'met' if met else 'NOT MET'}")
    return 0 if all(checks.values()) else 1


async def under_load(senders: Senders, nodes: list[Node], sink: SinkProcess) -> Seen:
    """Upload all the time while the leader is killed and comes back."""
    seen = Seen()
    loading = asyncio.create_task(senders.run())
    watching = asyncio.create_task(watch(senders.ledger, seen))
    await asyncio.sleep(LOAD_S)
    nodes[0].kill()
    seen.promoted_s = await asyncio.to_thread(
        until, lambda: nodes[1].is_a("primary"), PROMOTED_WITHIN_S, "node2 is promoted"
    )
    await asyncio.to_thread(sink.wait_until_ready)
    await asyncio.sleep(LOAD_S)
    nodes[0].start()
    seen.rejoined_s = await asyncio.to_thread(
        until,
        lambda: nodes[0].is_a("synchronous"),
        REJOINED_WITHIN_S,
        "node1 is the synchronous replica",
    )
    await asyncio.sleep(LOAD_S)
    watching.cancel()
    senders.stop()
    await loading
    return seen


async def watch(ledger: Ledger, seen: Seen) -> None:
    """Keep the longest time in which no receipt came, until cancelled."""
    while True:
        now_s = time.monotonic()
        if len(ledger.receipts) > seen.receipts:
            seen.receipts, seen.gap_began_s = len(ledger.receipts), now_s
        seen.longest_gap_s = max(seen.longest_gap_s, now_s - seen.gap_began_s)
        await asyncio.sleep(SAMPLED_EVERY_S)


def prepared(nodes: list[Node]) -> str:
    """Make the sink's role and database; return the DSN that names both nodes."""
    password = secrets.token_urlsafe(16)
    superuser = nodes[0].document["postgresql"]["authentication"]["superuser"]["password"]

    async def made() -> None:
        connection = await asyncpg.connect(
            f"postgresql://postgres:{superuser}@127.0.0.1:{nodes[0].port}/postgres"
        )
        await connection.execute(f"CREATE ROLE vox LOGIN PASSWORD '{password}'")
        await connection.execute("CREATE DATABASE vox OWNER vox")
        await connection.close()

    in_own_loop(made)
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return f"postgresql://vox:{password}@{hosts}/vox?target_session_attrs=read-write"


async def batches_on(dsn: str, port: int) -> int:
    """Count what one node holds, whichever it is."""
    user = dsn.partition("@")[0]
    connection = await asyncpg.connect(f"{user}@127.0.0.1:{port}/vox")
    count: int = await connection.fetchval("SELECT count(*) FROM batch")
    await connection.close()
    return count


async def checked(dsn: str, ledger: Ledger, seen: Seen) -> dict[str, bool]:
    """Compare receipts with rows, one by one."""
    holds = await says_whether_it_holds(dsn, ledger)
    return {
        "every receipt's batch is stored with its rows, no event twice": holds,
        "every batch that was sent has its receipt in the end": len(ledger.receipts)
        == len(ledger.sent),
        "the old leader holds all of them as a replica": seen.rows_of_replica
        == len(ledger.receipts),
    }


def report(ledger: Ledger, seen: Seen, took_s: float) -> None:
    """Print what was measured."""
    print(f"{took_s:.0f} s, {CLIENTS} clients, batches of {EVENTS_PER_BATCH} events; ", end="")
    print(f"{platform.system()} {platform.machine()}, CPython {platform.python_version()}")
    for name, figure in {
        "leader killed, replica promoted after, s": f"{seen.promoted_s:.1f}",
        "longest time without a receipt, s": f"{seen.longest_gap_s:.1f}",
        "old leader started, synchronous replica after, s": f"{seen.rejoined_s:.1f}",
        "batches acknowledged": f"{len(ledger.receipts)}",
        **ledger.answers_by_name(),
    }.items():
        print(f"{name:52} {figure}")


def found(program: str, package: str) -> Path:
    """Return a program of the system."""
    path = shutil.which(program)
    if path is None:
        raise TrialError(f"there is no {program}, expected one on PATH: install Debian's {package}")
    return Path(path)


def patroni_in(folder: Path) -> Path:
    """Return the system's Patroni, or one in a virtual environment of its own."""
    path = shutil.which("patroni")
    if path is not None:
        return Path(path)
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / "bin"
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", *PATRONI], check=True)
    return programs / "patroni"


def servers() -> Path:
    """Return the folder of the newest Postgres server's programs."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    if folders:
        return folders[-1]
    return found("postgres", "postgresql").parent


if __name__ == "__main__":
    sys.exit(main())
