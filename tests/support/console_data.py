"""Thirty made-up days of a sink that several teams use: for tests and pictures of the console.

The same for the same `now`, and plausible: fewer batches at weekends, clients that update, one that
is broken for some days, one that repeats what it sent. The events are as many as their batches say.
"""

import hashlib
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from vox_telemetry_spec.keys import SigningKey

DAYS: Final = 30
WEEKEND: Final = 5
BAD_RELEASE_DAYS_AGO: Final = 17


class Team(NamedTuple):
    """A key's name and how it behaves; `share` is how often it sends, 1.0 is each working day."""

    name: str
    share: float
    families: tuple[str, ...]
    max_sensitivity: str = "S1"


_BUILDS: Final = ("benchmark", "build_summary")
_AGENTS: Final = ("benchmark", "model_call", "task_summary", "error")
TEAMS: Final = (
    Team("compiler-nightly", 1.0, _BUILDS),
    Team("compiler-review", 0.95, _BUILDS),
    Team("editor-plugin", 0.9, _AGENTS),
    Team("language-server", 0.95, _AGENTS),
    Team("docs-site", 0.8, _BUILDS),
    Team("runtime-linux", 1.0, _BUILDS),
    Team("runtime-windows", 0.95, _BUILDS),
    Team("runtime-macos", 0.95, _BUILDS),
    Team("package-registry", 0.9, ("benchmark", "error")),
    Team("agents-platform", 1.0, _AGENTS, "S2"),
    Team("agents-research", 0.85, _AGENTS, "S2"),
    Team("model-routing", 0.95, ("model_call", "error")),
    Team("search-index", 0.9, ("benchmark", "task_summary")),
    Team("release-train", 0.9, _BUILDS),
    Team("security-review", 0.85, ("task_summary", "error")),
    Team("mobile-sdk", 0.9, _BUILDS),
    Team("web-frontend", 1.0, _BUILDS),
    Team("data-pipeline", 0.95, ("benchmark", "task_summary", "error")),
    Team("payments-build", 0.9, _BUILDS),
    Team("onboarding-lab", 0.8, _AGENTS),
    Team("test-farm-a", 1.0, ("benchmark",), "S0"),
    Team("test-farm-b", 1.0, ("benchmark",), "S0"),
    Team("quality-desk", 0.9, ("benchmark", "error")),
    Team("old-build-host", 0.9, ("benchmark",), "S0"),
    Team("contractor-laptop", 0.6, _AGENTS),
    Team("new-hire-trial", 0.0, _AGENTS),
)
METRIC_TYPES: Final = {
    "benchmark": ("benchmark_event", "S0"),
    "build_summary": ("build.summary", "S0"),
    "model_call": ("model_call_event", "S1"),
    "task_summary": ("task.root_summary", "S1"),
    "error": ("telemetry.error", "S1"),
}
VERSIONS: Final = ("0.4.2", "0.5.0", "0.5.1")
_REFUSALS: Final = (
    ("contract-refused", ((3, "/metadata", "contract.additionalProperties"),)),
    (
        "contract-refused",
        (
            (0, "/metadata/details/lane", "contract.pattern"),
            (12, "/metric_value", "contract.type"),
        ),
    ),
    ("contract-refused", ((0, "/metric_type", "policy.family-of-key"),)),
    ("contract-refused", ((41, "/recorded_at", "time.too-old"),)),
    ("body-malformed", ((None, "", "json.syntax"),)),
    ("batch-id-reused", ()),
)
_BAD_RELEASE: Final = ("contract-refused", ((0, "/metadata", "contract.required"),))


def team_key(name: str) -> SigningKey:
    """Give the key that a team signs with, so that a test can upload in its name."""
    return SigningKey(hashlib.sha256(f"made up: {name}".encode()).digest())


async def seed_console(dsn: str, now: datetime) -> None:
    """Fill a migrated and empty database with the days up to `now`."""
    chance = random.Random(8)
    connection = await asyncpg.connect(dsn)
    try:
        first = now - timedelta(days=DAYS + 1)
        await connection.fetch("SELECT ensure_event_partitions($1, 3)", first.date())
        await _seed_keys(connection, now)
        for offset in range(DAYS, -1, -1):
            await _seed_day(connection, chance, now - timedelta(days=offset), now)
        await connection.execute(_EVENTS)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


# As many events as each batch counts; their values play no part in any figure.
_EVENTS: Final = """
INSERT INTO event
SELECT batch_id, row_number() OVER (PARTITION BY batch_id) - 1, received_at, received_at, family,
       CASE family WHEN 'benchmark' THEN 'benchmark_event' WHEN 'error' THEN 'telemetry.error'
            WHEN 'build_summary' THEN 'build.summary' WHEN 'model_call' THEN 'model_call_event'
            ELSE 'task.root_summary' END,
       CASE WHEN family IN ('benchmark', 'build_summary') THEN 'S0' ELSE 'S1' END,
       'made-up', 1.5, '{}'
FROM all_families CROSS JOIN generate_series(1, events)
"""


async def _seed_keys(connection: asyncpg.Connection, now: datetime) -> None:
    for number, team in enumerate(TEAMS):
        key, enrolled_at = team_key(team.name), now - timedelta(days=200 - 7 * number)
        await connection.execute(
            "INSERT INTO client_key (key_id, public_key, name, max_sensitivity, enrolled_at,"
            " revoked_at, families, not_before, not_after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
            " $9)",
            key.public.key_id,
            key.public.raw,
            team.name,
            team.max_sensitivity,
            enrolled_at,
            now - timedelta(days=6) if team.name == "old-build-host" else None,
            list(team.families) if team.max_sensitivity == "S2" else None,
            now - timedelta(days=90) if team.name == "test-farm-b" else None,
            now + timedelta(days=9) if team.name == "contractor-laptop" else None,
        )
    # One of them waits for an administrator's approval, where keys can.
    if await connection.fetchval(_CAN_WAIT):
        await connection.execute(
            "UPDATE client_key SET approved_at = enrolled_at WHERE name <> 'new-hire-trial'"
        )


_CAN_WAIT: Final = """
SELECT EXISTS (SELECT FROM information_schema.columns
               WHERE table_name = 'client_key' AND column_name = 'approved_at')
"""


async def _seed_day(
    connection: asyncpg.Connection, chance: random.Random, day: datetime, now: datetime
) -> None:
    midnight = day.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    batches: list[tuple[Any, ...]] = []
    for team in TEAMS:
        for _ in range(_batches_of(team, midnight, chance)):
            batch = _batch(team, midnight, chance)
            gone = team.name == "old-build-host" and batch[2] > now - timedelta(days=6)
            if batch[2] <= now and not gone:
                batches.append(batch)
    await connection.executemany(
        "INSERT INTO batch (batch_id, key_id, received_at, approved_at, event_count, family_counts,"
        " producer_name, producer_version, payload_sha256, coded_body, signed_request)"
        " VALUES ($1, $2, $3, $3, $4, $5, 'vox-telemetry', $6, $7, $8, '{}')",
        batches,
    )
    await _seed_repetitions(connection, chance, midnight, batches)
    await _seed_rejections(connection, chance, midnight, now)


def _batches_of(team: Team, midnight: datetime, chance: random.Random) -> int:
    busy = 0.35 if midnight.weekday() >= WEEKEND else 1.0
    return sum(chance.random() < team.share * busy for _ in range(2))


def _batch(team: Team, midnight: datetime, chance: random.Random) -> tuple[Any, ...]:
    counts = Counter({family: chance.randint(4, 24) for family in team.families})
    hour = min(max(chance.gauss(13, 4), 0), 23.9)
    received_at = midnight + timedelta(milliseconds=int(hour * 3_600_000))
    version = VERSIONS[min(2, int((chance.random() * 0.8 + midnight.day / 31 * 0.9) * 2))]
    raw = chance.randbytes(48)
    return (
        UUID(bytes=raw[:16]),
        team_key(team.name).public.key_id,
        received_at,
        counts.total(),
        msgspec.json.encode(counts).decode(),
        version,
        raw[16:],
        raw,
    )


async def _seed_repetitions(
    connection: asyncpg.Connection,
    chance: random.Random,
    midnight: datetime,
    batches: list[tuple[Any, ...]],
) -> None:
    repeated: dict[str, Counter[str]] = {}
    for _, key_id, _, events, *_ in batches:
        if chance.random() < 0.09:
            tally = repeated.setdefault(key_id, Counter())
            tally["batches"] += 1
            tally["events"] += events
    await connection.executemany(
        "INSERT INTO duplicate_tally VALUES ($1, $2, $3, $4)",
        [(midnight.date(), key_id, t["batches"], t["events"]) for key_id, t in repeated.items()],
    )


async def _seed_rejections(
    connection: asyncpg.Connection, chance: random.Random, midnight: datetime, now: datetime
) -> None:
    """Refuse a few of anybody's, many of one broken client, and a bad release of everybody's."""
    names = [team.name for team in TEAMS if team.share and chance.random() < 0.06]
    if 9 <= (now - midnight).days <= 12:
        names += ["mobile-sdk"] * 7
    bad_release = (now - midnight).days == BAD_RELEASE_DAYS_AGO
    if bad_release:
        names = [team.name for team in TEAMS if team.share]
    for name in names:
        problem, places = _REFUSALS[1 if name == "mobile-sdk" else chance.randrange(6)]
        if bad_release:
            problem, places = _BAD_RELEASE
        rejected_at = midnight + timedelta(seconds=chance.randrange(30_000, 80_000))
        violations = [{"event": event, "pointer": at, "rule": rule} for event, at, rule in places]
        if rejected_at <= now:
            await connection.execute(
                "INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256,"
                " coded_bytes, event_count) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                rejected_at,
                team_key(name).public.key_id,
                problem,
                msgspec.json.encode(violations).decode(),
                chance.randbytes(32),
                chance.randint(900, 60_000),
                None if problem == "body-malformed" else chance.randint(5, 80),
            )
