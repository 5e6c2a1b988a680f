"""A machine where all is well, to be spoilt by each test; the sink is a real HTTP server."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.client_world import consent_to
from support.http_answers import Answer, Request, computed
from support.http_server import MisbehavingServer, misbehaving_server
from vox_telemetry_client import own_keys
from vox_telemetry_client.cli import run
from vox_telemetry_spec.contract_version import contract_sha256
from vox_telemetry_spec.times import format_time

Doctor = Callable[..., dict[str, dict[str, str]]]


def about(**changes: Any) -> bytes:
    told = {
        "program": "vox-telemetry-sink",
        "version": "9.8.7",
        "contract_version": "vox.usage-batch.v1",
        "contract_sha256": contract_sha256(),
        "time": format_time(datetime.now(UTC)),
    }
    return json.dumps(told | changes).encode()


def pages(
    *, ready: int = 200, about_status: int = 200, date: str | None = None, **changes: Any
) -> Answer:
    """Answer as a sink does; `changes` are to what it tells of itself."""

    def answer(request: Request) -> tuple[int, Mapping[str, str], bytes]:
        headers = {} if date is None else {"Date": date}
        if request.path == "/readyz":
            return ready, headers, b"{}"
        return about_status, headers, about(**changes) if about_status == 200 else b""

    return computed(answer)


@pytest.fixture
def spool_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOX_TELEMETRY_SPOOL_DIR", str(tmp_path / "spool"))
    return tmp_path / "spool"


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Run the doctor; give its findings by id."""

    def see(*options: str) -> dict[str, dict[str, str]]:
        capsys.readouterr()
        code = run(["doctor", "--json", *options])
        document = json.loads(capsys.readouterr().out)
        states = {check["state"] for check in document["checks"]}
        assert (code, document["healthy"]) == ((1, False) if "fail" in states else (0, True))
        return {check["id"]: check for check in document["checks"]}

    return see


@dataclass
class Machine:
    """Where all is well: a key, consent, a spool and a sink that answers."""

    sink: MisbehavingServer
    monkeypatch: pytest.MonkeyPatch

    def use(self, url: str) -> None:
        """Send to another URL, with consent."""
        self.monkeypatch.setenv("VOX_TELEMETRY_UPLOAD_URL", url)
        consent_to(url)


@pytest.fixture
def healthy(
    keyring_backend: object, spool_root: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    own_keys.generate(datetime.now(UTC), use=True)
    with misbehaving_server(then=pages()) as server:
        machine = Machine(server, monkeypatch)
        machine.use(server.url)
        yield machine
