"""Ask for a Docker engine; run a Postgres container of this test run.

How testcontainers reaches the engine, and whether its reaper looks after what a killed run leaves,
is the machine's to say (its `TESTCONTAINERS_…` variables): nothing of it is changed here.
"""

import gc
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Final

import docker
from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer

from vox_telemetry_sink.testing.errors import NoPostgresError

POSTGRES_IMAGE: Final = "postgres:15"  # the oldest version that the sink supports
ADMINISTRATOR: Final = "test"
ENGINE_ANSWERS_WITHIN_S: Final = 5


def engine_answers() -> bool:
    """Say whether a Docker engine answers a ping within five seconds."""
    try:
        with closing(docker.from_env(timeout=ENGINE_ANSWERS_WITHIN_S)) as client:
            return bool(client.ping())
    except (DockerException, OSError, ValueError):  # ValueError: of what DOCKER_HOST says
        pass
    # docker-py forgets the sockets of a failed connect; they are collected here, where their
    # warning is expected, and not in the middle of some test.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return False


@contextmanager
def postgres_container() -> Iterator[str]:
    """Run a Postgres with its data in memory; yield the URL of its administrator.

    Raises:
        NoPostgresError: the engine cannot run it: the image cannot be had, no memory, no rights.

    """
    with ExitStack() as started:
        try:
            container = PostgresContainer(
                POSTGRES_IMAGE, username=ADMINISTRATOR, password=ADMINISTRATOR, driver=None
            ).with_tmpfs_mount("/var/lib/postgresql/data")
            started.enter_context(closing(container.get_docker_client().client))
            started.enter_context(container)
            url = container.get_connection_url()
        # RuntimeError is the tree of testcontainers, OSError that of requests and of time limits.
        except (DockerException, OSError, RuntimeError, ValueError) as exc:
            raise NoPostgresError(
                f"a Docker engine answers, and it cannot run {POSTGRES_IMAGE}: {exc}; let it have "
                "the image (and that of testcontainers' reaper, or set "
                "TESTCONTAINERS_RYUK_DISABLED=true), or choose another Postgres by "
                "--telemetry-postgres"
            ) from exc
        yield url
