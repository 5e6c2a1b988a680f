import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from support.cli import run_cli
from support.uploads import new_key

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
Sink = Callable[..., Any]


async def test_a_key_is_enrolled_with_name_s1_and_no_bounds_by_default(
    sink: Sink, fetch: Fetch, tmp_path: Path
) -> None:
    key = new_key().public
    jwk = tmp_path / "alice.jwk"
    jwk.write_text(json.dumps(key.jwk), encoding="utf-8")
    added = sink("keys", "add", jwk, "--name", "alice", "--json")
    assert (added.code, json.loads(added.out)) == (
        0,
        {
            "key_id": key.key_id,
            "name": "alice",
            "max_sensitivity": "S1",
            "families": None,
            "not_before": None,
            "not_after": None,
        },
    )
    assert await fetch("SELECT action, subject, detail::text FROM admin_log") == [
        ("keys.add", key.key_id, '{"name": "alice", "max_sensitivity": "S1"}')
    ]


async def test_sensitivity_families_and_validity_are_kept(sink: Sink, fetch: Fetch) -> None:
    key = new_key().public
    added = sink(
        "keys", "add", "-", "--name", "farm", "--max-sensitivity", "S2",
        "--family", "mcp_surface_s2", "--family", "benchmark", "--family", "benchmark",
        "--valid-from", "2031-01-01T00:00:00Z", "--valid-days", "30",
        input=json.dumps(key.jwk),
    )  # fmt: skip
    assert (added.code, added.out) == (0, f"enrolled {key.key_id}\n")
    assert await fetch(
        "SELECT max_sensitivity, families, not_before::text, not_after::text FROM client_key"
    ) == [
        (
            "S2",
            ["benchmark", "mcp_surface_s2"],
            "2031-01-01 00:00:00+00",
            "2031-01-31 00:00:00+00",
        )
    ]
    [(detail,)] = await fetch("SELECT detail FROM admin_log")
    assert json.loads(detail) == {
        "name": "farm",
        "max_sensitivity": "S2",
        "families": ["benchmark", "mcp_surface_s2"],
        "not_before": "2031-01-01T00:00:00.000Z",
        "not_after": "2031-01-31T00:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--max-sensitivity", "S2"), "got S2 without --family"),
        (("--family", "mcp_surface_s2"), "is S2, expected --max-sensitivity S2"),
        (("--max-sensitivity", "S0", "--family", "mcp_surface"), "is S1, expected"),
        (("--max-sensitivity", "S3"), "not one of"),
        (("--family", "nothing"), "no family that may be uploaded"),
        (("--family", "completion_ci_run"), "no family that may be uploaded"),
        (("--name", " "), "blank name"),
        (("--name", "n" * 129), "at most 128 printable"),
        (("--name", "a\x1b[2J"), "at most 128 printable"),
        (("--valid-days", "0"), "greater than or equal to 1"),
        (("--valid-from", "tomorrow"), "expected one as 2026-12-01T00:00:00Z"),
    ],
)
def test_rights_that_make_no_sense_are_usage_errors(flags: tuple[str, ...], message: str) -> None:
    ran = run_cli("vox-telemetry-sink", "keys", "add", "-", "--name", "a", *flags, input="{}")
    assert (ran.code, ran.out) == (2, "")
    assert message in " ".join(ran.err.replace("\u2502", " ").split())


def test_trouble_is_one_line_and_exit_1(sink: Sink, tmp_path: Path) -> None:
    key = new_key()
    public = json.dumps(key.public.jwk)
    assert sink("keys", "add", "-", "--name", "a", input=public).code == 0
    cases = [
        (("keys", "add", "-", "--name", "a"), public, "is enrolled already"),
        (("keys", "add", "-", "--name", "a"), "{}", "not a JWK"),
        (("keys", "add", "-", "--name", "a"), key.private_jwk(), "holds a private key"),
        (("keys", "add", tmp_path / "none", "--name", "a"), "", "No such file or directory"),
        (("keys", "add", tmp_path, "--name", "a"), "", "Is a directory"),
    ]
    for args, given, message in cases:
        ran = sink(*args, input=given)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1), ran
        assert message in ran.err
        assert json.loads(key.private_jwk())["d"] not in ran.err


def test_an_empty_database_is_to_be_migrated_first(empty_database_url: str) -> None:
    ran = run_cli(
        "vox-telemetry-sink", "keys", "list", env={"VOX_SINK_DATABASE_URL": empty_database_url}
    )
    assert (ran.code, ran.err) == (
        1,
        "vox-telemetry-sink: 8 migrations are pending: run vox-telemetry-sink migrate\n",
    )


def test_a_data_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = run_cli("vox-telemetry-sink", "keys", "list", "--data-dir", tmp_path / "file" / "x")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("vox-telemetry-sink: VOX_SINK_DATA_DIR is '")
    assert "which cannot be made: not a directory; expected a folder" in ran.err
