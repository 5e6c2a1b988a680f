"""A made-up operator's machine to look at: rows recorded, batches pending, set aside and sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page

from support.client_world import QUOTA, Clock, new_spool, upload
from support.events import Event, lane_events, recorded_at
from support.http_server import misbehaving_server
from support.signed_answers import SINK, signed_answer
from vox_telemetry_client import consent_file, key_list
from vox_telemetry_client.config import Config
from vox_telemetry_client.consent import granted
from vox_telemetry_client.disclosure.serving import serving
from vox_telemetry_client.enqueuing import enqueue
from vox_telemetry_client.key_list import KnownKey, PinnedKey
from vox_telemetry_client.metrics_store import MetricsStore
from vox_telemetry_client.permission import packaged_contract
from vox_telemetry_client.settings import settings
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.times import format_time
from vox_telemetry_spec.violations import Violation

ORIGIN = "https://telemetry.example.org"
URL = f"{ORIGIN}/v1/batches"
OWN = SigningKey(bytes(range(32)))
REFUSED = Problem(
    type="urn:vox-telemetry:problem:contract-refused",
    title="the batch breaks the contract",
    status=422,
    detail="2 violations",
    violations=[
        Violation(1, "/metadata/details/lane", "secret.github"),
        Violation(3, "/recorded_at", "time.too-old"),
    ],
)


@dataclass(frozen=True)
class Machine:
    """Where it all lies; `sent` are the bytes of the batches that went, oldest first."""

    spool: Spool
    config: Config
    pending: list[str]
    rejected: list[str]
    sent: list[bytes]


def made_events(now: datetime, count: int, *, first: int = 0) -> list[Event]:
    """Give events of four families, as of the hour before `now`."""
    lanes = lane_events()
    events = []
    for number in range(count):
        made = _OTHERS[number % 8](number) if number % 8 in _OTHERS else lanes[first + number]
        at = recorded_at(now - timedelta(minutes=count - number))
        events.append(json.loads(json.dumps(made)) | {"recorded_at": at})
    return events


def operator_machine(home: Path, now: datetime | None = None) -> Machine:
    """Make it under `home`, which is this test's HOME."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    project = home / "projects" / "compiler"
    (project / ".git").mkdir(parents=True)
    clock = Clock(now - timedelta(days=9))
    spool = new_spool(project / ".vox" / "telemetry-upload-queue", clock)
    config = replace(
        settings(), spool=spool.folder.root, store=project / ".vox/telemetry-store/metrics.sqlite3"
    )
    _record(config.store, now)
    early = _put(spool, clock, 12)
    _consent(spool, clock, now - timedelta(days=8))
    clock.moment = now - timedelta(days=3)
    _keys(clock)
    sent = _send(spool, clock)
    clock.moment = now - timedelta(hours=26)
    refused = _put(spool, clock, 9)
    spool.set_aside(refused, REFUSED)
    waiting = []
    for hours, count in ((20, 251), (5, 40), (1, 16)):
        clock.moment = now - timedelta(hours=hours)
        waiting.append(_put(spool, clock, count))
    clock.moment = now
    return Machine(spool, config, [early, *waiting], [refused], sent)


@contextmanager
def looking(page: Page, config: Config) -> Iterator[str]:
    """Serve the page and let a browser in; yield the origin."""
    with serving(config) as address:
        page.goto(address)
        parts = urlsplit(address)
        yield f"{parts.scheme}://{parts.netloc}"
        leave(page)


def leave(page: Page) -> None:
    """Go away, so that nothing is still being loaded: an icon comes after all else."""
    page.goto("about:blank")


@contextmanager
def looking_at(config: Config) -> Iterator[httpx.Client]:
    """Serve, and open the address as a browser does; give who was let in."""
    with serving(config) as address, httpx.Client(base_url=address, trust_env=False) as client:
        client.base_url = httpx.URL(address).join("/")
        opened = client.get(address, follow_redirects=True)
        assert opened.status_code == 200, opened.text
        yield client


def _put(spool: Spool, clock: Clock, events: int) -> str:
    (made,) = enqueue(made_events(clock.now(), events), spool, now=clock.now(), max_bytes=QUOTA)
    return made.batch_id


def _send(spool: Spool, clock: Clock) -> list[bytes]:
    """Upload four batches a few hours apart, the last two to a sink that signs."""
    went = []
    early = set(spool.pending())
    for number, key in enumerate((None, None, SINK, SINK)):
        batch_id = _put(spool, clock, 30 + 7 * number)
        batch = spool.approved(batch_id)
        assert batch is not None
        went.append(batch.payload)
        with _kept_back(spool, early), misbehaving_server(then=signed_answer(key=key)) as server:
            report = upload(spool, server, clock, sink_key=None if key is None else key.public)
        assert report.exit_code == 0, report.stopped
        clock.moment += timedelta(hours=7)
    return went


@contextmanager
def _kept_back(spool: Spool, batch_ids: set[str]) -> Iterator[None]:
    """Hold batches out of an upload's sight, as consent would."""
    away = spool.folder.root / "away"
    away.mkdir(mode=0o700)
    for one in batch_ids:
        (spool.folder.pending / f"{one}.json").rename(away / f"{one}.json")
    yield
    for one in batch_ids:
        (away / f"{one}.json").rename(spool.folder.pending / f"{one}.json")
    away.rmdir()


def _consent(spool: Spool, clock: Clock, at: datetime) -> None:
    clock.moment = at
    contract = packaged_contract()
    grant = granted(
        None,
        at=format_time(at),
        url=URL,
        contract=contract.version,
        contract_sha256=contract.sha256,
    )
    spool.decided(grant)
    consent_file.write(grant)


def _keys(clock: Clock) -> None:
    pinned = PinnedKey(SINK.public.key_id, SINK.public.jwk["x"], ORIGIN, format_time(clock.now()))
    own = KnownKey(OWN.public.key_id, OWN.public.jwk["x"], format_time(clock.now()))
    key_list.change(
        lambda keys: replace_current(keys.with_key(own).with_sink_key(pinned), own.key_id)
    )


def replace_current(keys: key_list.KeyList, key_id: str) -> key_list.KeyList:
    """Let this key sign."""
    return key_list.KeyList(key_id, keys.keys, keys.sink_keys)


def _record(store: Path, now: datetime) -> None:
    """Record rows of the last twelve days, more on some than on others."""
    for day in range(12):
        at = now - timedelta(days=11 - day)
        with MetricsStore(store, now=lambda at=at: at) as kept:
            for number in range(4 + (day * 7) % 11):
                kept.append(
                    "bench:compiler",
                    "benchmark_event",
                    round(0.4 + 0.031 * number, 3),
                    json.dumps({"name": "ci_build_timings", "metric_value_unit": "seconds"}),
                )
            for _ in range(day % 5):
                kept.append("lint:compiler", "vox.lint.finding", None, '{"rule_id":"L0042"}')
            kept.append("workflow:compiler", "workflow_journal_entry", 0.92, None)


def _build(number: int) -> Event:
    return {
        "metric_type": "build.summary",
        "session_id": f"build:b-{2_200 + number}",
        "metric_value": None,
        "metadata": {
            "build_id": f"b-{2_200 + number}",
            "outcome": "success",
            "wall_time_ms": 81_000 + 137 * number,
            "crates_compiled": 212,
            "error_count": 0,
            "invocation_context": "ci",
        },
    }


def _agent(number: int) -> Event:
    return {
        "metric_type": "agent_exec_time",
        "session_id": f"session-{number}",
        "metric_value": 3.25 + number / 100,
        "metadata": {
            "agent_id": "builder-2",
            "repository_id": "compiler",
            "task_class": "repair",
            "outcome": "completed",
            "metric_value_unit": "seconds",
        },
    }


def _workflow(number: int) -> Event:
    return {
        "metric_type": "workflow_journal_entry",
        "session_id": "workflow:compiler",
        "metric_value": 0.92,
        "metadata": {
            "name": "step_finished",
            "repository_id": "compiler",
            "outcome": "retried",
            "duration_ms": 920 + number,
        },
    }


_OTHERS = {2: _build, 4: _agent, 7: _workflow}
