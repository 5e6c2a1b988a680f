"""deploy/nginx.conf, parsed, and run on a free port of loopback in front of a sink."""

import getpass
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.checkouts import ROOT
from support.debian import program
from support.tls import Authority
from support.waiting import wait_for
from support.world import free_port

CONFIG = ROOT / "deploy" / "nginx.conf"
_QUOTED = re.compile(r"'[^']*'")
_TOKEN = re.compile(r"'[^']*'|#[^\n]*|[{};]|[^\s{};]+")
TEMPORARY = ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")


def directives(text: str) -> list[tuple[str, ...]]:
    """Give each simple directive as the blocks around it, a name and its arguments, in one tuple."""
    found, blocks, words = [], [], list[str]()
    for token in _TOKEN.findall(text):
        if token.startswith("#"):
            continue
        if token == ";":
            found.append((" ".join(blocks), *words))
        elif token == "{":
            blocks.append(" ".join(words))
        elif token == "}":
            blocks.pop()
        else:
            words.append(token)
            continue
        words = []
    return found


def value(name: str, block: str = "") -> list[str]:
    """Give the arguments of the one directive of this name in blocks that end so."""
    [words] = [
        words
        for where, *words in directives(CONFIG.read_text())
        if words[0] == name and where.endswith(block)
    ]
    return words[1:]


@dataclass(frozen=True)
class Proxy:
    """A running nginx: where it is called, who signed its certificate, where its logs are."""

    url: str
    authority: Authority
    folder: Path

    @property
    def logs(self) -> str:
        """Everything that it wrote."""
        return "".join(path.read_text() for path in sorted(self.folder.rglob("*.log")))


def adapted(folder: Path, port: int, sink_port: int) -> Path:
    """Write the packaged file with the places of this test in it, and nothing else changed."""
    text = CONFIG.read_text()
    places = {
        # Only root can become another user, and nginx warns where it is asked to and cannot.
        "user www-data;": f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx/": f"{folder}/",
        "/etc/nginx/tls/sink.pem": f"{folder}/server.pem",
        "/etc/nginx/tls/sink.key": f"{folder}/server.key",
        "server 127.0.0.1:8750;": f"server 127.0.0.1:{sink_port};",
        "server_name sink.example;": "server_name localhost;",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "http {\n": "http {\n" + "".join(f"{one}_temp_path {folder}/{one};\n" for one in TEMPORARY),
    }
    for there, here in places.items():
        assert there in text, there
        text = text.replace(there, here)
    path = folder / "nginx.conf"
    path.write_text(text)
    return path


def checked(folder: Path, sink_port: int = 8750) -> tuple[Path, int]:
    """Let `nginx -t` judge the file; give the adapted one and the port it listens on.

    Raises:
        AssertionError: nginx refuses it, or warns.
    """
    port = free_port()
    path = adapted(folder, port, sink_port)
    judged = subprocess.run(
        [program("nginx"), "-t", "-c", path, "-e", folder / "start.log"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stderr
    assert "warn" not in judged.stderr, judged.stderr
    return path, port


@contextmanager
def nginx(folder: Path, sink_port: int) -> Iterator[Proxy]:
    """Run nginx in front of a sink for the length of a block."""
    authority = Authority(folder)
    authority.server("localhost")
    path, port = checked(folder, sink_port)
    pid_file = folder / "nginx.pid"  # the check has left an empty one
    command = [program("nginx"), "-c", path, "-e", folder / "start.log", "-g", "daemon off;"]
    with subprocess.Popen(command) as process:
        try:
            wait_for(lambda: pid_file.exists() and pid_file.read_text() != "")
            yield Proxy(f"https://localhost:{port}", authority, folder)
        finally:
            process.terminate()
