"""The doctor as a whole: what it promises of all its checks together."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.checkouts import ROOT
from support.cli import run_cli
from support.client_world import new_spool, put, tree
from vox_telemetry_client.doctor.rounds import CHECKS

PROGRAM = "vox-telemetry"
NETWORK = ("dns", "tls", "sink.answer", "sink.ready", "sink.version", "sink.contract", "clock")


def test_all_is_well(healthy, doctor, spool_root: Path) -> None:
    put(new_spool(spool_root))
    found = doctor()
    skipped = {"key.enrolled", "ca", "tls"}
    assert {name for name, one in found.items() if one["state"] == "skip"} == skipped
    others = {one["state"] for name, one in found.items() if name not in skipped}
    assert others - {"warn"} == {"ok"}
    assert [name for name, one in found.items() if one["state"] == "warn"] == []


def test_the_doctor_only_gets_open_pages(healthy, doctor, spool_root: Path) -> None:
    put(new_spool(spool_root))
    before = tree(spool_root)
    doctor()
    assert [(one.method, one.path) for one in healthy.sink.requests] == [
        ("GET", "/v1/about"),
        ("GET", "/readyz"),
    ]
    for request in healthy.sink.requests:
        assert request.body == b""
        assert not {"authorization", "signature", "idempotency-key"} & set(request.headers)
    assert tree(spool_root) == before


def test_a_token_is_neither_sent_nor_shown(healthy, doctor) -> None:
    healthy.monkeypatch.setenv("VOX_TELEMETRY_UPLOAD_TOKEN", "geheimnis")
    assert "geheimnis" not in json.dumps(doctor())
    assert "geheimnis" not in str([request.headers for request in healthy.sink.requests])


@pytest.mark.parametrize(
    ("variable", "value", "check"),
    [("VOX_TELEMETRY", "off", "switch.master"), ("DO_NOT_TRACK", "1", "switch.do-not-track")],
)
def test_when_telemetry_is_off_nothing_leaves_not_even_dns(
    healthy, doctor, variable: str, value: str, check: str
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("asked the network")

    real = socket.socket.connect

    def connect(one: socket.socket, address: object) -> None:
        assert one.family == socket.AF_UNIX, "asked the network"  # the keyring's bus
        real(one, address)

    healthy.monkeypatch.setenv(variable, value)
    healthy.use("https://sink.example")
    healthy.monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    healthy.monkeypatch.setattr(socket.socket, "connect", connect)
    found = doctor()
    assert found[check]["state"] == "fail"
    for name in NETWORK:
        assert found[name]["state"] == "skip"
        assert found[name]["found"].startswith(f"nothing leaves this machine: {variable} is")
    assert found["next"]["found"].startswith(f"nothing would be sent: {variable} is")


def test_without_consent_nothing_leaves(healthy, doctor) -> None:
    healthy.monkeypatch.setenv("VOX_TELEMETRY_UPLOAD_URL", healthy.sink.url + "/v1/other")
    found = doctor()
    assert found["consent"]["state"] == "fail"
    assert found["sink.answer"]["found"].startswith("nothing leaves this machine: consent was")
    assert healthy.sink.requests == []


def test_offline_asks_nothing_of_the_network(healthy, doctor) -> None:
    found = doctor("--offline")
    assert healthy.sink.requests == []
    assert {found[name]["found"] for name in ("sink.answer", "sink.ready", "clock")} == {
        "--offline"
    }


def test_every_concern_has_advice_and_nothing_else_has(doctor, tmp_path: Path) -> None:
    found = doctor()
    assert [*found] == [check.id for check in CHECKS]
    for one in found.values():
        assert bool(one["advice"]) is (one["state"] in ("warn", "fail")), one


def test_the_ids_are_unique_and_those_of_the_documents() -> None:
    page = (ROOT / "docs" / "operating-client.md").read_text(encoding="utf-8")
    section = page.split("\n## Doctor\n")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `([a-z.-]+)` \|", section, re.MULTILINE)
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids)
    assert documented == ids


def test_a_person_reads_one_line_for_each_check_and_the_advice_below(tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "doctor", env={"VOX_TELEMETRY": "off"}, cwd=tmp_path)
    lines = ran.out.splitlines()
    assert ran.code == 1
    assert [line.split()[1] for line in lines if line[:4].strip()] == [c.id for c in CHECKS]
    at = next(number for number, line in enumerate(lines) if " switch.master " in line)
    assert lines[at].startswith("fail  switch.master")
    assert lines[at + 1].strip() == "→ unset VOX_TELEMETRY to send"


def test_the_doctor_makes_no_spool(tmp_path: Path) -> None:
    run_cli(PROGRAM, "doctor", "--offline", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_offline_imports_no_http() -> None:
    code = (
        "import sys; from vox_telemetry_client.cli import run; run(['doctor', '--offline']);"
        "print('httpx' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "False\n"
