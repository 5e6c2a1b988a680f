"""A client of its own: a folder with a key, consent and spools, which goes when it is done."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from receipt_sink import receipt_sink

from support.cli import command
from support.client_world import consent_to
from support.events import Event, recorded_at, usage_events
from vox_telemetry_client import key_file
from vox_telemetry_spec.keys import SigningKey

QUOTA_BYTES = 1 << 40  # nothing here is about the quota
COMMAND_WITHIN_S = 300


@dataclass(frozen=True)
class OwnClient:
    """Where it keeps its things, the key that it signs with, and the sink that it may send to."""

    root: Path
    key: SigningKey
    url: str

    def command_s(self, *args: str | Path, spool: Path) -> float:
        """Run the installed command to its good end; return the seconds that it took."""
        began_s = time.perf_counter()
        done = subprocess.run(  # noqa: S603 -- our own programs, no shell
            command("vox-telemetry", *args),
            env=os.environ | {"VOX_TELEMETRY_SPOOL_DIR": str(spool)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_WITHIN_S,
            check=False,
        )
        took_s = time.perf_counter() - began_s
        if done.returncode:
            sys.exit(f"{args}: exit code {done.returncode}: {done.stderr.decode()}")
        return took_s

    def events_file(self, count: int, *, separators: tuple[str, str] = (",", ":")) -> Path:
        """Write so many real events, each with a time and a value of its own, as JSON Lines."""
        path = self.root / f"{count}-{len(separators[0])}.jsonl"
        lines = (json.dumps(event, separators=separators) for event in varied_events(count))
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path


@contextmanager
def own_client(events_per_batch: int) -> Iterator[OwnClient]:
    """Yield a client that has consented to a cheap sink, which gives receipts for such batches."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(TemporaryDirectory(prefix="vox-bench-")))
        sink = stack.enter_context(receipt_sink(events_per_batch))
        settings = {
            "HOME": str(root),
            "XDG_CONFIG_HOME": str(root / "config"),
            "VOX_TELEMETRY_KEY_FILE": str(root / "key.jwk"),
            "VOX_TELEMETRY_UPLOAD_URL": sink.url,
            "VOX_TELEMETRY_SPOOL_MAX_BYTES": str(QUOTA_BYTES),
        }
        stack.enter_context(patch.dict(os.environ, settings))
        key = SigningKey(random.randbytes(32))  # noqa: S311 -- it signs for nobody
        key_file.write(root / "key.jwk", key)
        consent_to(sink.url)
        yield OwnClient(root, key, sink.url)


def varied_events(count: int) -> Iterator[Event]:
    """Yield real events, as often as it takes, each with a time and a value of its own."""
    now = datetime.now(UTC)
    for number, event in enumerate(islice(cycle(usage_events()), count)):
        moment = now - timedelta(milliseconds=37 * (count - number))
        value = event["metric_value"] * (1 + number / count)
        yield event | {"recorded_at": recorded_at(moment), "metric_value": round(value, 6)}
