"""How the commands reach the sink: the proxy and the authorities that the environment names."""

import os
from pathlib import Path

from vox_telemetry_client.config import Config
from vox_telemetry_client.enqueuing import producer
from vox_telemetry_client.network import Network, proxy_for
from vox_telemetry_client.transport import Transport
from vox_telemetry_spec.wire import IngestTarget


def connection(config: Config, target: IngestTarget, ca_file: Path | None = None) -> Transport:
    """Return a way to `target`; `ca_file` is the one named on the command line.

    Raises:
        NotConfiguredError: the proxy or the file of authorities cannot be used.

    """
    network = Network(proxy_for(target, os.environ), ca_file or config.ca_file)
    return Transport(target, user_agent(), network)


def user_agent() -> str:
    """Return what each request says of the program."""
    made_by = producer()
    return f"{made_by.name}/{made_by.version}"
