"""kill -9 at every step of `enqueue` and `upload`: no event is lost, none is stored twice.

The steps are not a list that somebody keeps: a run of a command counts every call that changes the
spool or moves bytes to the sink, and the command is then killed before each of them in turn. The
named ones must be among them. A torn step leaves half of what it was writing, as a power cut does.
"""

import hashlib
import json
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.cli import run_cli
from support.client_world import consent_to, names, receipt_for
from support.crashes import KILLED, Client, deaths, watched_client
from support.events import benchmark_event
from support.http_answers import Request, computed
from support.http_server import misbehaving_server

pytestmark = pytest.mark.timeout(600)  # hundreds of runs

MARK = "crash_mark"
VALUES = [1.0, 2.0, 3.0]
RECEIPT = {"Content-Type": "application/vnd.vox.usage-receipt.v1+json"}
PROBLEM = {"Content-Type": "application/problem+json"}

ENQUEUE_STEPS = {
    "open tmp/<batch>.json",
    "fsync tmp/<batch>.json",
    "write seen.bin",
    "open journal.jsonl",
    "write journal.jsonl",
    "fsync journal.jsonl",
    "rename tmp/<batch>.json pending/<batch>.json",
    "fsync pending",
}
UPLOAD_STEPS = {
    "send tcp",
    "recv tcp",
    "write journal.jsonl",
    "fsync journal.jsonl",
    "unlink pending/<batch>.json",
    "fsync pending",
}
SPLIT_STEPS = UPLOAD_STEPS | {
    "open tmp/<batch>.json",
    "rename tmp/<batch>.json pending/<batch>.json",
}
SET_ASIDE_STEPS = UPLOAD_STEPS | {"rename pending/<batch>.json rejected/<batch>.json"}


class Sink:
    """A sink's memory: an id is stored once, and the same id with other bytes is a fault.

    Batches of more than `most_events` are too large for it; one with the value `poison` is refused.
    """

    def __init__(self, *, most_events: int = 100, poison: float | None = None) -> None:
        self.digests: dict[str, str] = {}
        self.values: Counter[float] = Counter()
        self._lock = threading.Lock()
        self._most_events = most_events
        self._poison = poison

    def answer(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        if len(request.body) != int(request.headers["content-length"]):
            return 400, PROBLEM, b'{"title":"cut short","status":400}'
        batch = json.loads(request.body)
        values = [event["metric_value"] for event in batch["events"]]
        if len(values) > self._most_events:
            return 413, PROBLEM, b'{"title":"too large","status":413}'
        if self._poison in values:
            return 422, PROBLEM, b'{"title":"refused","status":422}'
        digest = hashlib.sha256(request.body).hexdigest()
        with self._lock:
            first = batch["batch_id"] not in self.digests
            if self.digests.setdefault(batch["batch_id"], digest) != digest:
                return 409, PROBLEM, b'{"title":"same id, other bytes","status":409}'
            self.values.update(values if first else [])
        return 201 if first else 200, RECEIPT, receipt_for(request)


@dataclass
class Place:
    """A machine with a key, consent, and a sink that can be replaced by a fresh one."""

    root: Path
    env: dict[str, str]
    client: Client
    sink: Sink

    def answer(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        return self.sink.answer(request)

    def spool(self, name: object) -> Path:
        return self.root / f"spool-{name}"

    def filled(self, name: object) -> Path:
        """Return a copy of the one spool that `enqueue` has filled."""
        model = self.spool("model")
        if not model.exists():
            assert self.client.run("enqueue", *self.options, spool=model, env=self.env).code == 0
        return Path(shutil.copytree(model, self.spool(name)))

    @property
    def options(self) -> tuple[str | Path, ...]:
        return self.root / "events.jsonl", "--max-events", "2"


@pytest.fixture
def root() -> Iterator[Path]:
    """Give a folder in memory: what a killed process has written is the kernel's, with no disk."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def place(keyring_environment: dict[str, str], root: Path) -> Iterator[Place]:
    events = [benchmark_event(metric_value=value, details={"lane": MARK}) for value in VALUES]
    (root / "events.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in events))
    assert run_cli("vox-telemetry", "keys", "generate", env=keyring_environment).code == 0
    with watched_client(keyring_environment) as client:
        place = Place(root, keyring_environment, client, Sink())
        with misbehaving_server(then=computed(place.answer)) as server:
            consent_to(server.url)
            place.env = keyring_environment | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
            yield place


def test_an_enqueue_killed_at_any_step_keeps_all_or_nothing(place: Place) -> None:
    run = place.client.run("enqueue", *place.options, spool=place.spool("all"), env=place.env)
    assert set(run.steps) >= ENQUEUE_STEPS
    kept = {}
    for death in deaths(run.steps):
        spool = place.spool(death)
        ended = place.client.run("enqueue", *place.options, spool=spool, env=place.env, death=death)
        assert (ended.code, ended.steps[-1]) == (KILLED, death.step)
        place.sink = Sink()
        assert place.client.run("upload", spool=spool, env=place.env).code == 0, death
        assert place.sink.values in (Counter(), Counter(VALUES)), death
        assert_nothing_is_left(spool, place.sink)
        kept[death] = bool(place.sink.values)
    # The journal's line is the decision, and its fsync the step from which a power cut spares it.
    decision = run.steps.index("fsync journal.jsonl")
    assert {death for death in kept if kept[death]} == {
        death for death in kept if death.number >= decision
    }


@pytest.mark.parametrize(
    ("most_events", "poison", "named", "stored"),
    [
        (100, None, UPLOAD_STEPS, VALUES),
        (1, None, SPLIT_STEPS, VALUES),
        (100, 3.0, SET_ASIDE_STEPS, VALUES[:2]),
    ],
    ids=["stored", "split", "refused"],
)
def test_an_upload_killed_at_any_step_is_finished_by_the_next(
    place: Place, most_events: int, poison: float | None, named: set[str], stored: list[float]
) -> None:
    def fresh() -> Sink:
        return Sink(most_events=most_events, poison=poison)

    place.sink = fresh()
    steps = place.client.run("upload", spool=place.filled("all"), env=place.env).steps
    assert set(steps) >= named
    for death in deaths(steps):
        place.sink, spool = fresh(), place.filled(death)
        ended = place.client.run("upload", spool=spool, env=place.env, death=death)
        assert ended.code == KILLED, death
        place.client.run("upload", spool=spool, env=place.env)
        assert place.sink.values == Counter(stored), death
        if poison is None:
            assert_nothing_is_left(spool, place.sink)
        else:
            aside = {re.sub(r"[0-9]+.new", "new", name[36:]) for name in names(spool / "rejected")}
            assert aside - {".problem.json.new"} == {".json", ".problem.json"}, death


def assert_nothing_is_left(spool: Path, sink: Sink) -> None:
    """Every batch has one receipt in the journal, and no byte of a payload is anywhere."""
    rooms = (spool / "tmp", spool / "pending", spool / "rejected")
    assert [names(room) for room in rooms] == [[], [], []]
    journal = (spool / "journal.jsonl").read_text() if sink.digests else ""
    whole = [line for line in journal.splitlines() if line.endswith("}")]
    receipts = [one for one in map(json.loads, whole) if one["event"] == "acknowledged"]
    assert sorted(one["batch_id"] for one in receipts) == sorted(sink.digests)
    for path in spool.rglob("*"):
        assert path.is_dir() or MARK.encode() not in path.read_bytes(), path
