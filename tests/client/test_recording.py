import math
import socket
from pathlib import Path
from typing import Any

import pytest

import vox_telemetry_client
from support.local_databases import query
from vox_telemetry_client import record
from vox_telemetry_client.errors import StoreError, TelemetryError
from vox_telemetry_spec.errors import RowRefusedError

ROWS = "SELECT session_id, metric_type, metric_value, metadata_json FROM research_metrics"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_public() -> None:
    assert "record" in vox_telemetry_client.__all__


def test_a_row_lands_in_the_default_store(here: Path) -> None:
    (here / ".git").mkdir()
    assert record("vox.lint.finding", "lint:x") == 1
    assert record("benchmark_event", "bench:x", 3, {"b": [1, None], "a": "é"}) == 2
    assert query(here / ".vox" / "telemetry-store" / "metrics.sqlite3", ROWS) == [
        ("lint:x", "vox.lint.finding", None, None),
        ("bench:x", "benchmark_event", 3.0, '{"b":[1,null],"a":"é"}'),
    ]


def test_the_environment_and_the_argument_name_other_places(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOX_TELEMETRY_DB", "one/m.db")
    record("t", "s")
    record("t", "s", db=here / "two" / "m.db")
    assert query(here / "one" / "m.db", ROWS) == query(here / "two" / "m.db", ROWS)
    assert not (here / ".vox").exists()


def test_switched_off_nothing_is_recorded(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOX_TELEMETRY", "Off")
    assert record("t", "s") is None
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("variables", "recorded"),
    [
        ({"VOX_BENCHMARK_TELEMETRY": "0"}, (False, False, True)),
        ({"VOX_SYNTAX_K_TELEMETRY": "0"}, (True, False, True)),
        ({"VOX_BENCHMARK_TELEMETRY": "0", "VOX_SYNTAX_K_TELEMETRY": "1"}, (False, True, True)),
        ({"VOX_SYNTAX_K_TELEMETRY": "1", "VOX_TELEMETRY": "off"}, (False, False, False)),
    ],
)
def test_a_kinds_own_switch_keeps_its_rows_out(
    here: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], recorded: tuple[bool]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    kinds = ("benchmark_event", "syntax_k_event", "build.summary")
    assert tuple(record(kind, "s:1") is not None for kind in kinds) == recorded


def test_a_row_that_stays_here_tracks_nobody(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    assert record("t", "s") == 1


@pytest.mark.parametrize(
    ("metric_type", "session_id", "value", "metadata"),
    [
        ("", "s", None, None),
        ("bad type", "s", None, None),
        (None, "s", None, None),
        ("t", 5, None, None),
        ("t", "\ud800", None, None),
        ("t", "s", math.nan, None),
        ("t", "s", "1", None),
        ("t", "s", None, {"a": math.inf}),
        ("t", "s", None, "{}"),
        ("t", "s", None, {"a": "x" * 262_144}),
        ("model_route_event", "s", None, {"trace_id": "x"}),
        ("research_trial.run", "s", None, {"query": "x"}),
    ],
)
def test_a_bad_call_raises_one_kind_and_keeps_nothing(
    here: Path, metric_type: Any, session_id: Any, value: Any, metadata: Any
) -> None:
    record("t", "s")
    with pytest.raises(RowRefusedError, match=r"^telemetry validation: research_metrics: "):
        record(metric_type, session_id, value, metadata)
    assert len(query(here / ".vox" / "telemetry-store" / "metrics.sqlite3", ROWS)) == 1


def test_the_home_of_nobody_is_a_store_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOX_TELEMETRY_DB", "~nobody-here/m.db")
    with pytest.raises(StoreError, match="name one in VOX_TELEMETRY_DB"):
        record("t", "s")


def test_without_a_folder_it_is_a_store_error(here: Path) -> None:
    gone = here / "gone"
    gone.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(gone)
        gone.rmdir()
        with pytest.raises(StoreError, match="name one in VOX_TELEMETRY_DB"):
            record("t", "s")


def test_a_program_can_catch_all_of_it(here: Path) -> None:
    (here / "m.db").write_bytes(b"no database, " * 100)
    (here / "m.db").chmod(0o600)
    with pytest.raises((TelemetryError, RowRefusedError)):
        record("t", "s", db=here / "m.db")


def test_no_connection_is_made(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert record("t", "s") == 1
