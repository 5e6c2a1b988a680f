"""Two nodes of patroni.yml and one etcd on loopback, in a folder of their own."""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml

from support.world import free_port
from vox_telemetry_sink.embedded.server_user import ServerUser

TEMPLATE = Path(__file__).with_name("patroni.yml")
HOST = "127.0.0.1"
NETWORK = "192.0.2.0/24"  # of the file
STARTED_WITHIN_S = 60
# Shorter than in the file, or the trial would take minutes; Patroni allows no ttl under 20.
TIMES = {"ttl": 20, "loop_wait": 2, "retry_timeout": 5}
STOPPED_WITHIN_S = 20


class TrialError(Exception):
    """The trial cannot go on; the message says why."""


class Programs(NamedTuple):
    """What the trial starts, where it keeps things, and as whom."""

    etcd: Path
    patroni: Path
    bin_dir: Path
    folder: Path
    user: ServerUser


@dataclass
class Node:
    """One Patroni with its Postgres."""

    name: str
    programs: Programs
    document: dict[str, Any]
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start Patroni, which starts Postgres."""
        file = self.programs.folder / f"{self.name}.yml"
        file.write_text(yaml.safe_dump(self.document), encoding="utf-8")
        command = [str(self.programs.patroni), str(file)]
        self.process = started(command, self.programs.user, file.with_suffix(".log"))

    def is_a(self, role: str) -> bool:
        """Ask its Patroni: `primary`, `replica` or `synchronous`."""
        try:
            answer = httpx.get(
                f"http://{self.document['restapi']['listen']}/{role}", trust_env=False
            )
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    def kill(self) -> None:
        """Send SIGKILL to Patroni and to the postmaster: nobody gets a word in."""
        if self.process is None:
            raise TrialError(f"{self.name} does not run")
        postmaster = self._postmaster()
        self.process.kill()
        self.process.wait()
        if postmaster is not None:
            os.kill(postmaster, signal.SIGKILL)

    def stop(self) -> None:
        """Ask Patroni to end, which stops Postgres; make both end if they do not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _postmaster(self) -> int | None:
        file = Path(self.document["postgresql"]["data_dir"]) / "postmaster.pid"
        return int(file.read_text().splitlines()[0]) if file.exists() else None


def started(command: list[str], user: ServerUser, log: Path) -> subprocess.Popen[bytes]:
    """Start a program in the background, as a user that is not root: initdb refuses it."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [*user.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent"},
            start_new_session=True,
        )


@contextmanager
def etcd(programs: Programs) -> Iterator[str]:
    """Run one etcd for a block; yield its address. In earnest it is three, on three machines."""
    client, peer = f"{HOST}:{free_port()}", f"http://{HOST}:{free_port()}"
    command = [
        str(programs.etcd),
        *("--name", "trial", "--data-dir", str(programs.folder / "etcd")),
        *("--listen-client-urls", f"http://{client}"),
        *("--advertise-client-urls", f"http://{client}"),
        *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
        *("--initial-cluster", f"trial={peer}"),
    ]
    process = started(command, programs.user, programs.folder / "etcd.log")
    try:
        until(lambda: _answers(f"http://{client}/health"), STARTED_WITHIN_S, "etcd answers")
        yield client
    finally:
        process.terminate()
        process.wait(STOPPED_WITHIN_S)


@contextmanager
def two_nodes(programs: Programs, etcd_address: str) -> Iterator[list[Node]]:
    """Start a leader, then a replica; stop them in the end, the leader last."""
    passwords = {role: secrets.token_urlsafe(16) for role in ("superuser", "replication", "rewind")}
    template = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    template["etcd3"]["hosts"] = [etcd_address]
    for role, password in passwords.items():
        template["postgresql"]["authentication"][role]["password"] = password
    nodes = [_node(name, template, programs) for name in ("node1", "node2")]
    try:
        nodes[0].start()
        until(lambda: nodes[0].is_a("primary"), STARTED_WITHIN_S, "node1 leads")
        nodes[1].start()
        until(lambda: nodes[1].is_a("synchronous"), STARTED_WITHIN_S, "node2 is its replica")
        yield nodes
    finally:
        for node in sorted(nodes, key=lambda node: node.is_a("primary")):
            node.stop()


def _node(name: str, template: dict[str, Any], programs: Programs) -> Node:
    """Change what differs between the file and the trial."""
    document = deepcopy(template)
    rest, port = f"{HOST}:{free_port()}", free_port()
    document["name"] = name
    document["restapi"] = {"listen": rest, "connect_address": rest}
    document["bootstrap"]["dcs"].update(TIMES)
    document["postgresql"] |= {
        "listen": f"{HOST}:{port}",
        "connect_address": f"{HOST}:{port}",
        "data_dir": str(programs.folder / name),
        "bin_dir": str(programs.bin_dir),
        "pgpass": str(programs.folder / f"{name}.pgpass"),
        "pg_hba": [
            line.replace(NETWORK, f"{HOST}/32") for line in document["postgresql"]["pg_hba"]
        ],
        "parameters": {"unix_socket_directories": str(programs.folder)},
    }
    document["watchdog"]["mode"] = "off"  # a reset of this machine is not part of the trial
    return Node(name, programs, document, port)


def until(happened: Callable[[], bool], within_s: float, what: str) -> float:
    """Ask until it is so; return how long that took.

    Raises:
        TrialError: not in time.

    """
    began_s = time.monotonic()
    while not happened():
        if time.monotonic() > began_s + within_s:
            raise TrialError(f"waited {within_s:.0f} s for this in vain: {what}")
        time.sleep(0.1)
    return time.monotonic() - began_s


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
