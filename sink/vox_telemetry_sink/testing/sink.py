"""A live sink of one test: the real program on a free port of loopback, and what it has stored."""

import json
import secrets
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from vox_telemetry_sink.config import (
    DATABASE_URL,
    RATE_BURST_MAX,
    RATE_BURST_NAME,
    RATE_MAX_PER_S,
    RATE_PER_S_NAME,
)
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_sink.testing import stored
from vox_telemetry_sink.testing.environment import of_a_server
from vox_telemetry_sink.testing.errors import PluginError
from vox_telemetry_sink.testing.postgres import in_own_loop
from vox_telemetry_sink.testing.processes import Child
from vox_telemetry_spec.keys import PublicKey, SigningKey
from vox_telemetry_spec.taxonomy import SensitivityClass

HOST: Final = "127.0.0.1"
_ANSWERS_WITHIN_S: Final = 2.0
# Below what kernels give to outgoing connections (Linux from 32768, IANA from 49152), so that a
# port stays free while its sink is stopped.
_PORTS: Final = range(20_000, 32_000)
_PORTS_TRIED_MAX: Final = 3  # another program may take a port between our look and the sink's
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class TelemetrySink:
    """A sink that takes uploads at `url` and keeps them in `database_url`.

    `signing_key` is enrolled already, for tests that sign by themselves; `key_id` names it.
    `log` is a file with all that the program says.
    """

    def __init__(self, database_url: str, folder: Path) -> None:
        """Take a migrated database and a folder for the log; `start` starts it."""
        self.database_url = database_url
        self.log = folder / "sink.log"
        self.log.touch(mode=0o600)
        self.signing_key = SigningKey(secrets.token_bytes(32))
        self.key_id = self.enrol(self.signing_key, name="telemetry_sink")
        self._port = _free_port()
        self._child: Child | None = None
        self._has_served = False

    @property
    def url(self) -> str:
        """Where it serves; the same after `stop` and `start`."""
        return f"http://{HOST}:{self._port}"

    def is_running(self) -> bool:
        """Say whether the program runs."""
        return self._child is not None and self._child.is_running()

    def start(self) -> None:
        """Serve, on the same port as before; return when it answers.

        Raises:
            PluginError: it runs already, its port was taken meanwhile, or it does not start; with
                the end of its log.

        """
        if self.is_running():
            raise PluginError("the sink is running, expected a stopped one")
        for tried in range(1, _PORTS_TRIED_MAX + 1):
            try:
                self._serve()
            except PluginError:
                self.stop()
                # Whoever uses the sink knows its port once it has served.
                if self._has_served or _is_free(self._port) or tried == _PORTS_TRIED_MAX:
                    raise
                self._port = _free_port()
            else:
                self._has_served = True
                return

    def stop(self) -> None:
        """End it in order, as SIGTERM does: from now on nothing answers at `url`.

        What is stored can still be read.
        """
        if self._child is not None:
            self._child.end()
            self._child = None

    def enrol(
        self,
        key: SigningKey | PublicKey | Mapping[str, str],
        *,
        name: str = "test",
        max_sensitivity: str = "S1",
        families: Sequence[str] | None = None,
    ) -> str:
        """Enrol a public key, as `vox-telemetry-sink keys add` does; return its id.

        Args:
            key: a key, or a public JWK; of a signing key the public half is taken.
            name: what the operator of the sink calls it.
            max_sensitivity: S0, S1 or S2.
            families: the only ones that it may send; S2 families have to be named.

        Raises:
            KeyRefusedError: no Ed25519 JWK.
            PluginError: the key is enrolled already.

        """
        public = _public(key)
        grant = KeyGrant(name, SensitivityClass(max_sensitivity), families)

        async def added() -> bool:
            async with connected_pool(self.database_url) as pool:
                return await KeyStore(pool).add(public, grant, now=datetime.now(UTC))

        if not in_own_loop(added):
            raise PluginError(f"key {public.key_id} is enrolled already, expected another")
        return public.key_id

    def events(
        self, *, metric_type: str | None = None, session_id: str | None = None
    ) -> list[stored.EventRow]:
        """Return what is stored, oldest first: all events, or those of a type or a session."""
        return stored.events(self.database_url, metric_type, session_id)

    def batches(self) -> list[stored.BatchRow]:
        """Return the stored batches, oldest first."""
        return stored.batches(self.database_url)

    def rejections(self) -> list[stored.RejectionRow]:
        """Return what was refused after its signature verified, oldest first; never a value."""
        return stored.rejections(self.database_url)

    def rows(self, query: str, *args: object) -> list[tuple[Any, ...]]:
        """Return what a query of yours finds; `$1` is the first of `args`, jsonb comes as bytes."""
        return stored.rows(self.database_url, query, *args)

    def _serve(self) -> None:
        if not _is_free(self._port):
            raise PluginError(f"another program uses the port {HOST}:{self._port}")
        self._child = Child(
            "vox_telemetry_sink.testing.serving",
            *("serve", "--host", HOST, "--port", str(self._port)),
            environment=of_a_server(
                **{
                    DATABASE_URL: self.database_url,
                    RATE_PER_S_NAME: f"{RATE_MAX_PER_S:.0f}",  # no limit that a test could reach
                    RATE_BURST_NAME: str(RATE_BURST_MAX),
                }
            ),
            cwd=self.log.parent,
            log=self.log,
        )
        self._child.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            with _DIRECT.open(f"{self.url}/readyz", timeout=_ANSWERS_WITHIN_S):
                return True
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def live_sink(database_url: str, folder: Path) -> Iterator[TelemetrySink]:
    """Serve for the length of a block, and end for sure."""
    sink = TelemetrySink(database_url, folder)
    try:
        sink.start()
        yield sink
    finally:
        sink.stop()


def _public(key: SigningKey | PublicKey | Mapping[str, str]) -> PublicKey:
    if isinstance(key, SigningKey):
        return key.public
    if isinstance(key, PublicKey):
        return key
    return PublicKey.from_jwk(json.dumps(dict(key)).encode())


def _free_port() -> int:
    while not _is_free(port := secrets.choice(_PORTS)):
        pass
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the sink binds: what is left of closed connections does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
