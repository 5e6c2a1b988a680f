"""A real Secret Service without a desktop: gnome-keyring under a D-Bus of its own."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import secretstorage
from jeepney.io.blocking import open_dbus_connection
from secretstorage.exceptions import ItemNotFoundException, SecretServiceNotAvailableException

INSTALL = "apt-get update && apt-get install -y --no-install-recommends gnome-keyring dbus"
UP_WITHIN_S = 10
STOPPED_WITHIN_S = 5
# The usual session bus less its service folders: there, whoever asks for the Secret Service before
# ours is up makes the bus start another, locked one.
BUS_SETTINGS = """<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class NoSecretServiceError(Exception):
    """The Secret Service cannot run here; the message says what to install or quotes its output."""


@contextmanager
def private_secret_service(folder: Path) -> Iterator[dict[str, str]]:
    """Start a bus and an unlocked keyring in a folder; yield the environment that reaches them.

    Raises:
        NoSecretServiceError: a program is missing, or the service did not come up in ten seconds.
    """
    for program in ("dbus-daemon", "gnome-keyring-daemon"):
        if shutil.which(program) is None:
            raise NoSecretServiceError(f"{program} is missing; run: {INSTALL}")
    environment = _folders_of(folder)
    settings = folder / "bus.conf"
    settings.write_text(BUS_SETTINGS.format(folder=folder), encoding="utf-8")
    bus = ["dbus-daemon", f"--config-file={settings}", "--nofork", "--print-address=1"]
    with _daemon(bus, environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        environment["DBUS_SESSION_BUS_ADDRESS"] = process.stdout.readline().decode().strip()
        keyring = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
        with _daemon(keyring, environment, stdin=subprocess.PIPE) as daemon:
            assert daemon.stdin is not None
            daemon.stdin.write(b"pw\n")
            daemon.stdin.close()
            _wait_until_unlocked(environment["DBUS_SESSION_BUS_ADDRESS"], daemon)
            yield environment


def empty_keyring(bus_address: str) -> None:
    """Delete every item of the default collection, so that no test sees another's keys."""
    with closing(open_dbus_connection(bus_address)) as connection:
        for item in secretstorage.get_default_collection(connection).get_all_items():
            item.delete()


def _folders_of(folder: Path) -> dict[str, str]:
    names = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"]
    folders = {name: folder / name.lower() for name in names}
    for path in folders.values():
        path.mkdir(mode=0o700)
    return {name: str(path) for name, path in folders.items()}


@contextmanager
def _daemon(
    command: list[str],
    environment: dict[str, str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    # Its own session: Ctrl-C in the terminal reaches pytest alone, which then stops it in order.
    process = subprocess.Popen(
        command,
        env=os.environ | environment,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOPPED_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_unlocked(bus_address: str, daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < deadline and daemon.poll() is None:
        try:
            with closing(open_dbus_connection(bus_address)) as connection:
                # Not get_default_collection, which makes a missing one and then waits for a prompt.
                if not secretstorage.get_collection_by_alias(connection, "default").is_locked():
                    return
        except (SecretServiceNotAvailableException, ItemNotFoundException):
            pass
        time.sleep(0.05)
    raise NoSecretServiceError(
        f"gnome-keyring-daemon gave no unlocked keyring within {UP_WITHIN_S} s "
        f"(its exit status: {daemon.poll()})"
    )
