"""What can this machine do at all? The physical limits that the other figures are held against."""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Final

from apps_served import served
from committing import commits
from copying import copy
from databases import some_database
from figures import Figure
from ingest_small import posted
from made import batches
from saturation import events_in
from sizes import SIZES

from vox_telemetry_spec.keys import SigningKey

LINE: Final = "limits"
VERIFIED: Final = 2_000
HASHED_BYTES: Final = 1_048_576
HASHED: Final = 100
MB: Final = 1_000_000


def measure(rounds: int) -> Iterator[Figure]:
    """Yield what one core, the disk, and Postgres can do without us."""
    key, message = SigningKey(secrets.token_bytes(32)), secrets.token_bytes(600)
    signature, body = key.sign(message), secrets.token_bytes(HASHED_BYTES)
    with some_database() as database, served("noop") as noop:
        made = batches(SIZES.batches, database.keys)
        posted(noop, made[: SIZES.warm_up_batches])

        def copied() -> float:
            database.empty()
            took_s = copy(database.dsn, made, at_once=len(made))
            return events_in(made) / took_s

        works: dict[str, tuple[str, Callable[[], float]]] = {
            "Ed25519, one core": (
                "verify/s",
                lambda: _per_s(VERIFIED, lambda: key.public.verifies(signature, message)),
            ),
            "SHA-256, one core": (
                "MB/s",
                lambda: _per_s(HASHED, lambda: hashlib.sha256(body).digest()) * HASHED_BYTES / MB,
            ),
            "bare commits (fsync), one connection": (
                "commits/s",
                lambda: SIZES.commits / sum(commits(database.dsn, SIZES.commits)),
            ),
            "one COPY of everything": ("events/s", copied),
            "no-op POST of 100-event batches": ("POST/s", lambda: posted(noop, made)),
        }
        for what, (unit, work) in works.items():
            yield Figure(LINE, what, unit, [work() for _ in range(rounds)])


def _per_s(count: int, work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    for _ in range(count):
        work()
    return count / (time.perf_counter() - began_s)
