"""The example of the Python API runs as it is printed, against a real server."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import vox_telemetry_client
from support.checkouts import ROOT
from support.client_world import consent_to, stores
from support.http_server import misbehaving_server
from vox_telemetry_client import own_keys
from vox_telemetry_spec.times import format_time

PAGE = (ROOT / "docs" / "operating-client.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Python API\n")[1].split("\n## ")[0]


def test_the_example_runs(
    keyring_backend: object,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    [code] = re.findall(r"^```python\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    code = code.replace("/tmp/telemetry-example", str(tmp_path / "q"))
    own_keys.generate(datetime.now(UTC), use=True)
    with misbehaving_server(then=stores()) as server:
        monkeypatch.setenv("VOX_TELEMETRY_UPLOAD_URL", server.url)
        consent_to(server.url)
        exec(code, {"now": format_time(datetime.now(UTC))})  # noqa: S102 -- our own page
    payload, refused, *_, report = capsys.readouterr().out.splitlines()
    assert payload.encode("latin-1")[2:-1] == server.requests[0].body
    assert refused.startswith("0 /session_id ")
    assert report.startswith("{'acknowledged': 1, ")
    assert report.endswith(" None")


def test_the_public_names_are_those_of_the_page() -> None:
    table = SECTION.split("| name | does |")[1].split("\n\n")[0]
    names = [
        name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])
    ]
    assert sorted(names) == sorted(vox_telemetry_client.__all__)
