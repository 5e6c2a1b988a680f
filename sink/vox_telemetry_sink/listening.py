"""May the sink listen there? Only TLS keeps a body and a bearer token from being read on the way.

The sink speaks no TLS itself: a proxy in front of it does. Loopback needs none, since nobody else
can read there.
"""

import ipaddress

from vox_telemetry_sink.config import (
    HOST,
    INSECURE_LISTEN,
    PUBLIC_AUTHORITY,
    PUBLIC_ORIGIN,
    Config,
)
from vox_telemetry_sink.errors import ConfigError


def check_listening(config: Config) -> None:
    """Refuse an address that others reach unless a proxy's https or an explicit wish stands for it.

    Raises:
        ConfigError: saying what to set.

    """
    if is_loopback(config.host):
        return
    trouble = f"{HOST} is '{config.host}', which is not loopback, and "
    if not ((config.public_origin or "").startswith("https://") or config.insecure_listen):
        raise ConfigError(
            f"{trouble}nothing says that TLS ends in front of it: set {PUBLIC_ORIGIN} to the "
            "https://host[:port] that clients call at your proxy, or accept that everything is "
            f"readable on the way with --insecure-listen ({INSECURE_LISTEN}=1)"
        )
    if config.public_authority is None:
        raise ConfigError(
            f"{trouble}{PUBLIC_AUTHORITY} is not set: set it to the host[:port] that clients call, "
            "since signatures are bound to it"
        )


def is_loopback(host: str) -> bool:
    """Tell an address that only this machine reaches."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
