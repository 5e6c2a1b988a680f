"""What client tests share: a spool with batches, a sink's answers, an uploader with its own clock."""

import hashlib
import json
import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.events import benchmark_event
from support.http_answers import Answer, Request, computed
from support.http_server import MisbehavingServer
from vox_telemetry_client import consent_file
from vox_telemetry_client.allowance import NO_LIMITS, RunLimits
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.consent import granted
from vox_telemetry_client.enqueuing import enqueue
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.network import DIRECT, Network
from vox_telemetry_client.permission import packaged_contract
from vox_telemetry_client.report import Report
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.switches import Decision, Source
from vox_telemetry_client.transport import Transport
from vox_telemetry_client.uploader import Uploader
from vox_telemetry_client.world import Sender, World
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.keys import PublicKey, SigningKey
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.wire import ingest_target

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SEED = bytes(range(32))
QUOTA = 10_000_000
LONG_AGO = "2000-01-01T00:00:00.000Z"
ALLOWED = Decision(
    allowed=True,
    reason="",
    source=Source.CONSENT,
    covers_from=datetime.fromisoformat(LONG_AGO),
)


class Clock:
    """A clock that only moves when somebody sleeps; it remembers every sleep."""

    def __init__(self, now: datetime = NOW) -> None:
        self.moment = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(seconds)
            self.moment += timedelta(seconds=seconds)


def new_spool(root: Path, clock: Clock | None = None) -> Spool:
    folder = Folder(root)
    folder.create()
    return Spool(folder, now=(clock or Clock()).now)


def put(spool: Spool, *, events: int = 3, now: datetime = NOW, **options: Any) -> list[Batch]:
    """Enqueue so many made events; one batch unless `max_events` says otherwise."""
    made = [benchmark_event(metric_value=float(number)) for number in range(events)]
    approvals = enqueue(made, spool, now=now, max_bytes=QUOTA, **options)
    return batches_of(spool, *(approval.batch_id for approval in approvals))


def batches_of(spool: Spool, *batch_ids: str) -> list[Batch]:
    """Give these pending batches, or all, as approved."""
    found = [spool.approved(batch_id) for batch_id in batch_ids or spool.waiting()]
    assert None not in found
    return [batch for batch in found if batch is not None]


def consent_to(url: str) -> None:
    """Keep a grant of long ago for `url`, in the configuration folder of this test."""
    contract = packaged_contract()
    consent_file.write(
        granted(
            None,
            at=LONG_AGO,
            url=ingest_target(url).url,
            contract=contract.version,
            contract_sha256=contract.sha256,
        )
    )


def receipt_for(request: Request, **changes: Any) -> bytes:
    """Write the receipt that a sink gives for this request, as the wire document shows it."""
    payload = json.loads(request.body)
    receipt = {
        "batch_id": payload["batch_id"],
        "payload_sha256": hashlib.sha256(request.body).hexdigest(),
        "event_count": len(payload["events"]),
        "received_at": "2026-11-22T12:00:01.000Z",
        "schema": "vox.usage-receipt.v1",
    }
    return json.dumps(receipt | changes).encode()


def stores(status: int = 201, **changes: Any) -> Answer:
    """Answer as a sink that stored the batch; `changes` falsify its receipt."""
    media_type = {"Content-Type": "application/vnd.vox.usage-receipt.v1+json"}
    return computed(lambda request: (status, media_type, receipt_for(request, **changes)))


def problem(
    status: int, slug: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    """Answer with a problem document."""
    body = {"type": f"urn:vox-telemetry:problem:{slug}", "title": slug, "status": status, **more}
    fields = {"Content-Type": "application/problem+json"} | dict(headers or {})
    return computed(lambda _: (status, fields, json.dumps(body).encode()))


def upload(
    spool: Spool,
    server: MisbehavingServer | str,
    clock: Clock | None = None,
    *,
    may_send: Callable[[], Decision] = lambda: ALLOWED,
    token: str | None = None,
    sink_key: PublicKey | None = None,
    limits: RunLimits = NO_LIMITS,
    network: Network = DIRECT,
    silence_s: float = 20.0,
    request_s: float = 30.0,
) -> Report:
    """Run one upload with the real transport; a test whose sink says nothing shortens the patience."""
    url = server if isinstance(server, str) else server.url
    clock = clock or Clock(datetime.now(UTC))
    target = ingest_target(url)
    sender = Sender.of(target, SigningKey(SEED), token, sink_key)
    patience = {"silence_s": silence_s, "request_s": request_s}
    with Transport(target, "test/1", network, **patience) as transport:
        world = World(
            post=transport.post,
            may_send=may_send,
            now=clock.now,
            sleep=clock.sleep,
            random=lambda: 1.0,
            random_bytes=random.Random(7).randbytes,
            contracts=lambda: Contracts(Registry.load()),
            on_outcome=lambda _: None,
            on_wait=lambda _seconds, _reason: None,
        )
        return Uploader(spool, sender, world, limits).run()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def journal(spool: Spool) -> list[dict[str, Any]]:
    return [json.loads(line) for line in spool.folder.journal.read_text().splitlines()]


def tree(root: Path) -> dict[str, bytes]:
    """Every file below, to compare what was with what is; locks hold nothing of worth."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


_DRIVER = """
import os, signal, sys, importlib
place, when, line = sys.argv[1:4]
module, _, dotted = place.partition(":")
owner = importlib.import_module(module)
*path, name = dotted.split(".")
for step in path:
    owner = getattr(owner, step)
real = getattr(owner, name)
def killed(*args, **kwargs):
    ours = not line or type(args[-1]).__name__ == line
    if ours and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(*args, **kwargs)
    if ours:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
setattr(owner, name, killed)
from vox_telemetry_client.cli import run
sys.exit(run(sys.argv[4:]))
"""


def run_and_kill(
    place: str, when: str, line: str, *args: str | Path, env: Mapping[str, str], cwd: Path
) -> int:
    """Run the client's command line and SIGKILL it before or after a step, `module:attribute`.

    `line` names the journal line at which `Journal.append` kills; the exit code is -9 then.
    """
    done = subprocess.run(
        [sys.executable, "-c", _DRIVER, place, when, line, *map(str, args)],
        env=os.environ | dict(env),
        cwd=cwd,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def file_size_limit(size_bytes: int) -> Iterator[None]:
    """Make the kernel refuse longer files, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
