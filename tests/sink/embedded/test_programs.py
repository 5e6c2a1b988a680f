from pathlib import Path

import pytest

from vox_telemetry_sink.embedded import EmbeddedPostgresError
from vox_telemetry_sink.embedded.programs import Programs, last_lines
from vox_telemetry_sink.embedded.server_user import ServerUser


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    for name, does in {"sleeps": "exec sleep 60", "fails": "echo no >&2; exit 7"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    return Programs(tmp_path, ServerUser(0, (), "root"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sleeps", "^sleeps took longer than 0.2 s$"),
        ("fails", "^fails failed with status 7: no$"),
        ("lacks", "^lacks cannot be started: .*No such file"),
    ],
)
def test_each_way_to_fail_has_its_message(programs: Programs, name: str, message: str) -> None:
    with pytest.raises(EmbeddedPostgresError, match=message):
        programs.run(name, within_s=0.2 if name == "sleeps" else 60)


def test_the_last_five_lines_are_quoted_on_one() -> None:
    assert last_lines("1\n2\n\n 3\n4\n5\n6\n") == "2 | 3 | 4 | 5 | 6"
