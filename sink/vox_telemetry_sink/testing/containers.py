"""Ask for a Docker engine; run a Postgres container of this test run.

How testcontainers reaches the engine, and whether its reaper looks after what a killed run leaves,
is the machine's to say (its `TESTCONTAINERS_…` variables): nothing of it is changed here.
"""

import gc
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import docker
from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer

POSTGRES_IMAGE: Final = "postgres:15"  # the oldest version that the sink supports
ADMINISTRATOR: Final = "test"
ENGINE_ANSWERS_WITHIN_S: Final = 5


def engine_answers() -> bool:
    """Say whether a Docker engine answers a ping within five seconds."""
    try:
        with closing(docker.from_env(timeout=ENGINE_ANSWERS_WITHIN_S)) as client:
            return bool(client.ping())
    except (DockerException, OSError):
        pass
    # docker-py forgets the sockets of a failed connect; they are collected here, where their
    # warning is expected, and not in the middle of some test.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return False


@contextmanager
def postgres_container() -> Iterator[str]:
    """Run a Postgres with its data in memory; yield the URL of its administrator."""
    container = PostgresContainer(
        POSTGRES_IMAGE, username=ADMINISTRATOR, password=ADMINISTRATOR, driver=None
    ).with_tmpfs_mount("/var/lib/postgresql/data")
    with closing(container.get_docker_client().client), container:
        yield container.get_connection_url()
