"""`make audit`: pip-audit asks a service on this machine that speaks OSV's protocol."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from support.checkouts import ROOT

HASH = "    --hash=sha256:" + "0" * 64 + "\n"
LOCK = f"anyio==4.16.0 \\\n{HASH}colorama==0.4.6 ; sys_platform == 'win32' \\\n{HASH}"
FLAW = {
    "id": "GHSA-0000-0000-0000",
    "affected": [
        {
            "package": {"name": "colorama", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.4.7"}]}],
        }
    ],
}


@contextmanager
def osv(
    flaws: dict[str, list[dict[str, Any]]], status: int = 200
) -> Iterator[tuple[str, set[str]]]:
    """Serve these flaws by package; give the URL, and the names that were asked for."""
    asked: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.add(query["package"]["name"])
            found = flaws.get(query["package"]["name"])
            body = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
        finally:
            server.shutdown()
            thread.join()


def audit(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    lock = folder / "requirements.lock"
    lock.write_text(LOCK)
    command = [sys.executable, "deploy/release/audit.py", "--lock", str(lock), "--osv-url", url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_pin_is_asked_for_on_whatever_platform(tmp_path: Path) -> None:
    with osv({}) as (url, asked):
        done = audit(url, tmp_path)
    assert (done.returncode, done.stdout) == (0, "audit: none known in 2 packages\n"), done.stderr
    assert asked == {"anyio", "colorama"}


def test_a_known_flaw_is_told_and_fails(tmp_path: Path) -> None:
    with osv({"colorama": [FLAW]}) as (url, _):
        done = audit(url, tmp_path)
    assert done.returncode == 1
    assert done.stdout == "audit: colorama 0.4.6: GHSA-0000-0000-0000, mended in 0.4.7\n"


def test_a_database_that_is_away_is_no_pass(tmp_path: Path) -> None:
    with osv({}) as (url, _):
        pass  # nobody listens there any more
    done = audit(url, tmp_path)
    assert done.returncode == 4
    assert done.stdout.startswith(
        "audit: no answer from the database, so nothing is known of 2 packages: "
    )


def test_a_database_that_fails_is_no_pass(tmp_path: Path) -> None:
    with osv({}, status=500) as (url, _):
        done = audit(url, tmp_path)
    assert done.returncode == 4


@pytest.mark.parametrize(
    "dependencies",
    [
        [],
        [{"name": "anyio", "skip_reason": "not found"}],
        [{"name": "anyio", "version": "4.15.0", "vulns": []}],
    ],
)
def test_a_pin_that_was_not_asked_for_is_no_pass(
    dependencies: list[dict[str, Any]], script: Callable[[str], ModuleType]
) -> None:
    audit, locks = script("audit"), script("locks")
    said = json.dumps({"dependencies": dependencies})
    assert audit.verdict({"anyio": locks.Pin("4.16.0", "")}, said, "") == (
        4,
        ["anyio: the database was not asked"],
    )


@pytest.mark.parametrize("said", ["", "[]", "{}", "Found 1 known vulnerability"])
def test_an_answer_that_cannot_be_read_is_no_pass(
    said: str, script: Callable[[str], ModuleType]
) -> None:
    audit, locks = script("audit"), script("locks")
    code, [line] = audit.verdict({"anyio": locks.Pin("4.16.0", "")}, said, "it broke\nfor a reason")
    assert code == 4
    assert line.endswith("nothing is known of 1 packages: for a reason")
