from pathlib import Path

import pytest

from vox_telemetry_sink.embedded import EmbeddedPostgresError
from vox_telemetry_sink.embedded.lock import turn, use


def test_a_turn_that_does_not_come_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "turn"
    with (
        turn(file),
        pytest.raises(EmbeddedPostgresError, match=f"has held {file} for 0.2 s"),
        turn(file, within_s=0.2),
    ):
        pass
    with turn(file):
        assert file.stat().st_mode & 0o777 == 0o600


def test_the_last_user_knows_it_is_the_last(tmp_path: Path) -> None:
    with use(tmp_path / "users") as first:
        with use(tmp_path / "users") as second:
            assert not second.is_last()
        assert first.is_last()
