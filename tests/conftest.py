"""Fixtures of all tests: a scrubbed environment, one Postgres, one Secret Service."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import SecretService
from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).parent))

from support.browser import Visit, running_browser, visiting
from support.containers import REQUIRED as CONTAINER_REQUIRED
from support.containers import sweep_containers
from support.postgres import PostgresServer, migrated_template, some_postgres
from support.secret_service import empty_keyring, private_secret_service
from support.warm import end_warm_programs

EXTERNAL_URL = os.environ.get("VOX_TEST_DATABASE_URL")
USED_SERVER = pytest.StashKey[str]()
TESTS_WITH_SERVER = pytest.StashKey[int]()


@pytest.fixture(autouse=True)
def scrubbed_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Give each test an empty HOME and nothing of the machine's settings; yield that HOME."""
    ours = ("VOX_", "XDG_", "PG", "DO_NOT_TRACK", "DBUS_", "PYTHON_KEYRING_")
    proxies = (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    )
    for name in list(os.environ):
        if name.upper().startswith((*ours, *proxies)):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name in ("CONFIG_HOME", "DATA_HOME", "CACHE_HOME", "STATE_HOME", "RUNTIME_DIR"):
        (home / name.lower()).mkdir(mode=0o700)
        monkeypatch.setenv(f"XDG_{name}", str(home / name.lower()))
    return home


@pytest.fixture(scope="session", autouse=True)
def warm_programs() -> Iterator[None]:
    """End the programs that `run_cli` keeps warm with the last test."""
    yield
    end_warm_programs()


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """Run one real Postgres for all tests: a container, else embedded, else VOX_TEST_DATABASE_URL."""
    with some_postgres(EXTERNAL_URL) as server:
        request.config.stash[USED_SERVER] = server.label
        yield server


@pytest.fixture(scope="session")
def migrated_database(postgres_server: PostgresServer) -> Iterator[str]:
    """Migrate one database, to be cloned and never connected to; yield its name."""
    with migrated_template(postgres_server) as name:
        yield name


@pytest.fixture
def database_url(postgres_server: PostgresServer, migrated_database: str) -> Iterator[str]:
    """Give the test a migrated database of its own; the DSN of the role that owns it."""
    with postgres_server.fresh_database(template=migrated_database) as dsn:
        yield dsn


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the test a database of its own with nothing in it."""
    with postgres_server.fresh_database() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def secret_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run one real Secret Service for all tests; the environment that reaches it."""
    with private_secret_service(tmp_path_factory.mktemp("keyring")) as environment:
        yield environment


@pytest.fixture
def keyring_environment(secret_service: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give a program what it needs to reach the Secret Service; its keys are deleted afterwards."""
    address = secret_service["DBUS_SESSION_BUS_ADDRESS"]
    yield {
        "DBUS_SESSION_BUS_ADDRESS": address,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
    }
    empty_keyring(address)


@pytest.fixture
def keyring_backend(
    keyring_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[KeyringBackend]:
    """Make this process's `keyring` use the Secret Service for the length of a test."""
    for name, value in keyring_environment.items():
        monkeypatch.setenv(name, value)
    before = keyring.get_keyring()
    keyring.set_keyring(SecretService.Keyring())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run one chromium for the tests of a file.

    Not longer: while it runs, Playwright's event loop counts as running in this thread, and no test
    that is a coroutine can be run. A file with a visit has none, and no fixture that is one.
    """
    with running_browser() as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Give a visitor with an empty profile and a window of 1280 by 900."""
    with visiting(browser) as visit:
        yield visit


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return where pictures of pages are kept: `--pictures DIR`, else a folder of the test."""
    return request.config.getoption("--pictures") or tmp_path


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make pictures` keep what the tests see."""
    parser.addoption("--pictures", type=Path, metavar="DIR", help="keep pictures of pages there")


def pytest_configure(config: pytest.Config) -> None:
    """End in order on SIGTERM as on Ctrl-C, so that containers and daemons are stopped."""
    config.stash[TESTS_WITH_SERVER] = 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A run in the background starts with Ctrl-C ignored, and so would every program it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_call(item: pytest.Item) -> None:
    """Count the tests that run with the server (their fixtures are up at this point)."""
    if "postgres_server" in getattr(item, "fixturenames", ()):
        item.config.stash[TESTS_WITH_SERVER] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that had to use a container and did not; a worker tells its part instead."""
    if is_worker(session.config):
        session.config.workeroutput["postgres"] = (
            session.config.stash.get(USED_SERVER, None),
            session.config.stash[TESTS_WITH_SERVER],
        )
    elif _container_is_missing(session.config) and session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up what a worker of pytest-xdist tells when it ends; one that crashed tells nothing."""
    used, tests = getattr(node, "workeroutput", {}).get("postgres", (None, 0))
    node.config.stash[TESTS_WITH_SERVER] += tests
    if used is not None:
        node.config.stash[USED_SERVER] = used


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say which Postgres the tests ran against, and how many did."""
    server = config.stash.get(USED_SERVER, "not used")
    terminalreporter.write_line(f"postgres: {server} ({config.stash[TESTS_WITH_SERVER]} tests)")
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"skipped: {report.nodeid}: {report.longrepr[2]}")
    if _container_is_missing(config):
        terminalreporter.write_line(
            "VOX_TEST_REQUIRE_CONTAINER=1, but no test ran against a container", red=True
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the containers that an interrupted run left; not while other workers use theirs."""
    if not is_worker(config) and config.stash.get(USED_SERVER, "").startswith("container"):
        sweep_containers()


def is_worker(config: pytest.Config) -> bool:
    """Tell whether this is one of several processes of one run (pytest-xdist)."""
    return hasattr(config, "workeroutput")


def _container_is_missing(config: pytest.Config) -> bool:
    used = config.stash.get(USED_SERVER, "").startswith("container")
    ran = used and config.stash[TESTS_WITH_SERVER] > 0
    return CONTAINER_REQUIRED and not ran and not config.option.collectonly
