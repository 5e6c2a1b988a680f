"""Ask for a Docker engine, start Postgres containers of this run, sweep them at its end."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import NoReturn

# Testcontainers reads these when it is imported. Its reaper is another image to pull, so this run
# sweeps its own containers by label; inside a container it would look for the host by a gateway.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")
os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
os.environ.setdefault("TC_POOLING_INTERVAL", "0.1")
os.environ.setdefault("TC_MAX_TRIES", "1000")  # 100 s: a busy machine makes a cluster slowly

import docker
import pytest
from docker.errors import NotFound
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.labels import LABEL_SESSION_ID, SESSION_ID

from vox_telemetry_sink.testing.containers import (
    ENGINE_ANSWERS_WITHIN_S,
    POSTGRES_IMAGE,
    engine_answers,
)

REQUIRED = os.environ.get("VOX_TEST_REQUIRE_CONTAINER") == "1"


def need_engine() -> None:
    """Skip a test of containers, by name and reason, where no engine answers; CI fails there."""
    if not engine_answers():
        leave_out("no Docker engine answers: start one")


def leave_out(reason: str) -> NoReturn:
    """Skip a test that lacks something of containers; where they are required it fails."""
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def postgres_container(
    *, host_port: int | None = None, tmpfs: Mapping[str, str] | None = None
) -> Iterator[PostgresContainer]:
    """Run one Postgres container on a memory file system; superuser `test`, password `test`.

    Args:
        host_port: a fixed port of 127.0.0.1, for tests that stop and start the container (a free
            one is chosen anew at each start otherwise); such a test keeps the data on disk.
        tmpfs: more memory file systems, each with its options.
    """
    container = PostgresContainer(POSTGRES_IMAGE, username="test", password="test", driver=None)
    if host_port is None:
        container = container.with_tmpfs_mount("/var/lib/postgresql/data")
    else:
        container = container.with_bind_ports(5432, host_port)
    for folder, options in (tmpfs or {}).items():
        container = container.with_tmpfs_mount(folder, options)
    with closing(container.get_docker_client().client), container:
        yield container


def sweep_containers() -> None:
    """Remove every container this run started and left, with its volumes; nobody else's."""
    with closing(docker.from_env(timeout=ENGINE_ANSWERS_WITHIN_S)) as client:
        left = client.containers.list(
            all=True, filters={"label": f"{LABEL_SESSION_ID}={SESSION_ID}"}
        )
        for container in left:
            try:
                container.remove(force=True, v=True)
            except NotFound:
                continue
