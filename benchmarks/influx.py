"""InfluxDB 1.x beside the sink: Debian's package with its defaults, writes unsigned."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import httpx
from load import saturate
from made import Batch, Row, http_request
from processes import answers, scratch, started, wait_until
from saturation import events_in, no_collections

from support.world import free_port

NO_CONTENT: Final = 204
MISSING: Final = "no influxd in PATH; on Debian: apt-get install influxdb"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Where it listens and writes, and that it tells nobody; everything else is its default.
_CONFIG: Final = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
[http]
bind-address = "127.0.0.1:{http}"
"""


def is_installed() -> bool:
    """Tell whether there is one to start."""
    return shutil.which("influxd") is not None


@contextmanager
def running_influx() -> Iterator[Callable[[Sequence[Batch]], float]]:
    """Run a server of our own; yield what writes batches and gives events/s."""
    port = free_port()
    with scratch("influx-") as folder:
        config, log = folder / "influxdb.conf", folder / "log"
        config.write_text(_CONFIG.format(folder=folder, http=port, rpc=free_port()))
        with started(["influxd", "-config", str(config)], log) as process:
            url = f"http://127.0.0.1:{port}"
            wait_until(partial(answers, f"{url}/ping"), process, log)
            yield partial(_written, url, port)


def _written(url: str, port: int, batches: Sequence[Batch]) -> float:
    """Write each batch as one request into an empty database; give events/s.

    Raises:
        RuntimeError: not every point is there afterwards.

    """
    _asked(url, "DROP DATABASE bench")
    _asked(url, "CREATE DATABASE bench")
    path = "/write?db=bench&precision=ms"
    requests = [http_request(path, lines(batch), {}) for batch in batches]
    with no_collections():
        outcome = saturate(port, requests)
    outcome.assert_all(NO_CONTENT, len(batches))
    points = events_in(batches)
    [series] = _asked(url, "SELECT count(metric_value) FROM benchmark_event")["series"]
    if series["values"][0][1] != points:
        raise RuntimeError(f"{series['values'][0][1]} points are stored, expected {points}")
    return points / outcome.took_s


def lines(batch: Batch) -> bytes:
    """Return a batch's events in the line protocol: names as tags, measures as fields."""
    return "\n".join(map(_line, batch.event_rows)).encode()


def _line(row: Row) -> str:
    _, _, _, recorded_at, family, metric_type, _, session_id, metric_value, metadata = row
    members: dict[str, Any] = json.loads(metadata)
    details = members.pop("details", {})
    tags = {"family": family, "session_id": session_id, **members}
    fields = {"metric_value": metric_value, **details}
    named = ",".join(f"{name}={_escaped(value)}" for name, value in tags.items())
    measured = ",".join(f"{name}={_field(value)}" for name, value in fields.items())
    moment_ms = (recorded_at - _EPOCH) // timedelta(milliseconds=1)
    return f"{metric_type},{named} {measured} {moment_ms}"


def _escaped(value: str) -> str:
    return value.replace(" ", "\\ ").replace(",", "\\,").replace("=", "\\=")


def _field(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else repr(float(str(value)))


def _asked(url: str, query: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{url}/query", params={"q": query, "db": "bench"}, trust_env=False, timeout=60
    )
    result: dict[str, Any] = answer.raise_for_status().json()["results"][0]
    return result
