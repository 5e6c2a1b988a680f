import json
from pathlib import Path

import pytest

from support.cli import run_cli
from support.local_databases import original_database, query

PROGRAM = "vox-telemetry"
ROWS = "SELECT session_id, metric_type, metric_value, metadata_json FROM research_metrics"


def test_rows_come_from_options_and_standard_input(tmp_path: Path) -> None:
    db = tmp_path / ".vox" / "telemetry-store" / "metrics.sqlite3"
    first = run_cli(PROGRAM, "record", "--type", "my.type", "--session", "s", cwd=tmp_path)
    assert (first.code, first.out, first.err) == (0, f"recorded row 1 in {db}\n", "")
    options = ("--type", "benchmark_event", "--session", "bench:x", "--value", "-1.5")
    second = run_cli(
        PROGRAM, "record", *options, "--metadata", "-", "--json", input=' {"a": 1}\n', cwd=tmp_path
    )
    assert json.loads(second.out) == {"recorded": True, "id": 2, "reason": None}
    assert query(db, ROWS) == [
        ("s", "my.type", None, None),
        ("bench:x", "benchmark_event", -1.5, '{"a":1}'),
    ]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--type", "bad/type"), 1, "metric_type has a character that is not allowed"),
        (("--type", "t", "--value", "nan"), 1, "metric_value is not finite"),
        (("--type", "t", "--metadata", "{canary"), 1, "--metadata is no strict JSON: json.syntax"),
        (("--type", "t", "--metadata", '["canary"]'), 1, "--metadata is no JSON object"),
        (("--type", "t", "--metadata", '{"a":1,"a":2}'), 1, "json.duplicate-name"),
        (("--type", "t", "--metadata", "\udcff"), 1, "json.encoding"),
        (("--type", "t", "--value", "canary"), 2, "--value"),
        ((), 2, "--type"),
    ],
)
def test_a_bad_row_is_one_line(
    tmp_path: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    ran = run_cli(PROGRAM, "record", *options, "--session", "s", cwd=tmp_path)
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1)
    assert message in ran.err
    assert "canary" not in ran.err.replace("'canary' is not a valid float", "")
    db = tmp_path / ".vox" / "telemetry-store" / "metrics.sqlite3"
    assert not db.exists() or query(db, ROWS) == []


def test_long_metadata_is_refused_without_reading_on(tmp_path: Path) -> None:
    text = '{"a":"' + "x" * 600_000 + '"}'
    ran = run_cli(
        PROGRAM,
        "record",
        "--type",
        "t",
        "--session",
        "s",
        "--metadata",
        "-",
        input=text,
        cwd=tmp_path,
    )
    assert (ran.code, "--metadata is longer than 524288 bytes" in ran.err) == (1, True)


def test_switched_off_is_no_failure_of_the_script(tmp_path: Path) -> None:
    arguments = ("record", "--type", "t", "--session", "s")
    env = {"VOX_TELEMETRY": "off"}
    told = run_cli(PROGRAM, *arguments, env=env, cwd=tmp_path)
    assert (told.code, told.out) == (0, "")
    assert told.err.startswith("not recorded: VOX_TELEMETRY is 'off'")
    document = json.loads(run_cli(PROGRAM, *arguments, "--json", env=env, cwd=tmp_path).out)
    assert (document["recorded"], document["id"]) == (False, None)
    assert "VOX_TELEMETRY" in document["reason"]
    assert list(tmp_path.iterdir()) == []


def test_the_originals_database_is_not_written(tmp_path: Path) -> None:
    original_database(tmp_path / "vox.db", []).chmod(0o600)
    tmp_path.chmod(0o700)
    ran = run_cli(
        PROGRAM, "record", "--type", "t", "--session", "s", "--db", tmp_path / "vox.db", "--json"
    )
    assert (ran.code, json.loads(ran.out)["error"]["kind"]) == (1, "store-foreign")
    assert query(tmp_path / "vox.db", ROWS) == []
