"""What does it cost to be careful? The client against json.loads, and against a bare httpx loop.

`enqueue` is the whole verb as an operator runs it, from the file to the fsynced batches, without
the start of the process. `upload` signs, asks every switch, keeps its journal and deletes, batch
by batch, without the rate limit; the bare loop posts the same bytes to the same sink.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

import httpx
from figures import Bound, Figure, Reference, Target
from own_client import OwnClient, own_client, varied_events
from receipt_sink import ReceiptSink, receipt_sink
from sizes import SIZES

from support.client_world import consent_to
from vox_telemetry_client import uploader
from vox_telemetry_client.cli.enqueue import enqueue
from vox_telemetry_client.connecting import connection
from vox_telemetry_client.enqueuing import enqueue as keep
from vox_telemetry_client.pacing import TokenBucket
from vox_telemetry_client.real_world import real_world
from vox_telemetry_client.settings import may_send, now, settings, spool
from vox_telemetry_client.world import Sender
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.wire import ingest_target

EVENTS = SIZES.enqueued_events
BATCHES = SIZES.uploaded_batches
EVENTS_PER_BATCH = 100
ENQUEUE_TARGET = Target(Bound.AT_LEAST, 0.25)
UPLOAD_TARGET = Target(Bound.AT_MOST, 1.3)
BLANKS = (", ", ": ")  # as Python's json.dumps writes unless it is told otherwise


def measure(rounds: int) -> Iterator[Figure]:
    """Yield what `enqueue` and `upload` do a second."""
    with own_client(EVENTS_PER_BATCH) as client:
        compact = client.events_file(EVENTS)
        yield _enqueued(client, compact, "check + enqueue", rounds, ENQUEUE_TARGET)
        blanks = client.events_file(EVENTS, separators=BLANKS)
        yield _enqueued(client, blanks, "check + enqueue, with blanks", rounds)
        yield _command(client, compact, rounds)
        model = _filled(client)
        with receipt_sink(EVENTS_PER_BATCH) as sink:
            yield _uploaded(client, model, sink, "upload", rounds, UPLOAD_TARGET)
        with receipt_sink(EVENTS_PER_BATCH, SigningKey(bytes(range(32)))) as sink:
            yield _uploaded(client, model, sink, "upload, receipts signed and verified", rounds)


def _enqueued(
    client: OwnClient, file: Path, what: str, rounds: int, target: Target | None = None
) -> Figure:
    lines = file.read_bytes().splitlines()
    # A program that calls the API compiles the contract once; the command line's start is apart.
    checker = Checker.load()
    references, values = [], []
    for number in range(rounds):
        references.append(_loads_per_s(lines))
        place = {"VOX_TELEMETRY_SPOOL_DIR": str(client.root / f"spool-{what}-{number}")}
        with (
            patch.dict(os.environ, place),
            patch.object(Checker, "load", lambda: checker),
            Path(os.devnull).open("w", encoding="utf-8") as null,
            redirect_stdout(null),
        ):
            began_s = time.perf_counter()
            enqueue([str(file)], as_json=True)
            values.append(len(lines) / (time.perf_counter() - began_s))
    reference = Reference("json.loads of each line", references)
    return Figure("client", what, "events/s", values, reference, target)


def _command(client: OwnClient, file: Path, rounds: int) -> Figure:
    lines = file.read_bytes().splitlines()
    references, values = [], []
    for number in range(rounds):
        references.append(_loads_per_s(lines))
        place = client.root / f"spool-command-{number}"
        values.append(len(lines) / client.command_s("enqueue", file, "--json", spool=place))
    reference = Reference("json.loads of each line", references)
    what = "the whole command enqueue, with its start"
    return Figure("client", what, "events/s", values, reference)


def _loads_per_s(lines: list[bytes]) -> float:
    began_s = time.perf_counter()
    for line in lines:
        json.loads(line)
    return len(lines) / (time.perf_counter() - began_s)


def _filled(client: OwnClient) -> Path:
    """Return a spool with all batches, to be copied for each run."""
    model = client.root / "model"
    with patch.dict(os.environ, {"VOX_TELEMETRY_SPOOL_DIR": str(model)}):
        config = settings()
        events = varied_events(BATCHES * EVENTS_PER_BATCH)
        limits = {"max_bytes": config.spool_max_bytes, "max_events": EVENTS_PER_BATCH}
        keep(events, spool(config), now=now(), **limits)
    return model


def _uploaded(
    client: OwnClient,
    model: Path,
    sink: ReceiptSink,
    what: str,
    rounds: int,
    target: Target | None = None,
) -> Figure:
    consent_to(sink.url)
    files = sorted((model / "pending").iterdir())
    references, values = [], []
    for number in range(rounds):
        references.append(_bare_ms(files, ingest_target(sink.url).url))
        place = client.root / f"uploaded-{sink.key is None}-{number}"
        shutil.copytree(model, place)
        values.append(_upload_ms(client, sink, place))
        shutil.rmtree(place)
    return Figure("client", what, "ms/batch", values, Reference("bare httpx", references), target)


def _bare_ms(files: list[Path], url: str) -> float:
    """Post the files one after the other over one connection, and look at the status alone."""
    began_s = time.perf_counter()
    with httpx.Client(trust_env=False) as client:
        for file in files:
            client.post(url, content=file.read_bytes()).raise_for_status()
    return (time.perf_counter() - began_s) * 1e3 / len(files)


def _upload_ms(client: OwnClient, sink: ReceiptSink, place: Path) -> float:
    """Upload all of a spool as the program does, but for the rate limit."""
    no_limit = TokenBucket(rate_per_s=1e9)
    with (
        patch.dict(os.environ, {"VOX_TELEMETRY_SPOOL_DIR": str(place)}),
        patch.object(uploader, "TokenBucket", lambda: no_limit),
    ):
        config = settings()
        target = ingest_target(sink.url)
        pinned = None if sink.key is None else sink.key.public
        sender = Sender.of(target, client.key, None, pinned)
        kept = spool(config)
        began_s = time.perf_counter()
        with connection(config, target) as transport:
            world = real_world(
                transport,
                lambda: may_send(target.url),
                on_outcome=lambda _: None,
                on_wait=lambda _wait_s, _reason: None,
            )
            report = uploader.Uploader(kept, sender, world).run()
        took_s = time.perf_counter() - began_s
    if report.totals["acknowledged"] != BATCHES:
        raise RuntimeError(f"expected {BATCHES} receipts, got {report.totals}: {report.stopped}")
    return took_s * 1e3 / BATCHES
