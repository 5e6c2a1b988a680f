"""What pytest loads (entry point `pytest11`): an option, five fixtures for tests, one summary line.

Loaded by every run on a machine that has the package, so this file imports pytest and the standard
library alone, and all else when a fixture is first used.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from vox_telemetry_sink.testing.environment import POSTGRES_CHOICE, given

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

    from vox_telemetry_sink.testing.assertions import TelemetryAssertions
    from vox_telemetry_sink.testing.machine import Prepared, TelemetryClient
    from vox_telemetry_sink.testing.postgres import TelemetryPostgres
    from vox_telemetry_sink.testing.sink import TelemetrySink

# One module of each library that the extra adds and the fixtures need.
_EXTRA = ("litestar", "asyncpg", "uvicorn", "testcontainers")
_USED = pytest.StashKey[set[str]]()
_WORKERS_WORD = "vox_telemetry_postgres"
_HELP = (
    "the Postgres of telemetry_postgres: auto (a container where a Docker engine answers, else the "
    "embedded one), container, embedded, or the URL of a server whose user may create databases"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run choose its Postgres: the option beats the environment beats the ini file."""
    group = parser.getgroup("vox-telemetry", "vox-telemetry's fixtures")
    group.addoption("--telemetry-postgres", metavar="WHICH", help=f"{_HELP}.")
    parser.addini("telemetry_postgres", help=_HELP, default="auto")


@pytest.fixture(scope="session")
def telemetry_postgres(pytestconfig: pytest.Config) -> "Iterator[TelemetryPostgres]":
    """Run one Postgres for all tests: `.label` says which, `.database()` gives a migrated database.

    A container where a Docker engine answers, else the embedded one; `--telemetry-postgres`, the
    variable VOX_TELEMETRY_TEST_POSTGRES or the ini value `telemetry_postgres` choose another.
    """
    _need_the_extra()
    from vox_telemetry_sink.testing.errors import PluginError  # noqa: PLC0415 -- see the top
    from vox_telemetry_sink.testing.servers import chosen_postgres  # noqa: PLC0415 -- likewise

    try:
        with chosen_postgres(_choice(pytestconfig)) as postgres:
            _used(pytestconfig).add(postgres.label)
            yield postgres
    except PluginError as exc:
        raise pytest.fail.Exception(str(exc), pytrace=False) from None


@pytest.fixture
def telemetry_database_url(telemetry_postgres: "TelemetryPostgres") -> Iterator[str]:
    """Give the test a migrated database of its own, empty; its URL, for the role that owns it."""
    with telemetry_postgres.database() as url:
        yield url


@pytest.fixture
def telemetry_sink(
    telemetry_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[TelemetrySink]":
    """Serve a sink on a free port of 127.0.0.1, in a process of its own, over an empty database.

    `.url`, `.enrol(key)`, `.events()`, `.batches()`, `.rejections()`, `.rows(query)`, and `.stop()`
    and `.start()` for an outage at the same URL. It ends with the test, whatever becomes of that.
    """
    from vox_telemetry_sink.testing.sink import live_sink  # noqa: PLC0415 -- see the top

    with live_sink(telemetry_database_url, tmp_path_factory.mktemp("telemetry-sink")) as sink:
        yield sink


@pytest.fixture(scope="session")
def telemetry_prepared_home(tmp_path_factory: pytest.TempPathFactory) -> "Prepared":
    """Make the key of the operator's machines once: it takes longer than to copy a folder."""
    _need_the_extra()
    from vox_telemetry_sink.testing.errors import PluginError  # noqa: PLC0415 -- see the top
    from vox_telemetry_sink.testing.machine import prepared_home  # noqa: PLC0415 -- likewise

    try:
        return prepared_home(tmp_path_factory.mktemp("telemetry-key"))
    except PluginError as exc:
        raise pytest.fail.Exception(str(exc), pytrace=False) from None


@pytest.fixture
def telemetry_client(
    telemetry_sink: "TelemetrySink",
    telemetry_prepared_home: "Prepared",
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> "TelemetryClient":
    """Make this process an operator's machine that sends to `telemetry_sink` and nowhere else.

    An empty home, spool and store, a key in a keyring of the test, consent to the sink's URL; no
    setting of the real machine (its telemetry, DO_NOT_TRACK, proxies) is left. That goes for code
    under test in this process and for programs that it starts. `.run(…)` runs `vox-telemetry`;
    `.enqueue(events)`, `.upload()` and `.status()` return its JSON.
    """
    from vox_telemetry_sink.testing.machine import operators_machine  # noqa: PLC0415 -- see the top

    home = tmp_path_factory.mktemp("telemetry-client") / "home"
    return operators_machine(telemetry_prepared_home, home, telemetry_sink, monkeypatch)


@pytest.fixture
def assert_telemetry(
    request: pytest.FixtureRequest, telemetry_sink: "TelemetrySink"
) -> "TelemetryAssertions":
    """Assert what arrived: `.stored(3)`, `.never_sent(canary)`, `.everything_accounted_for()`, ….

    What concerns the operator's machine needs the fixture `telemetry_client` in the test, too.
    """
    from vox_telemetry_sink.testing.assertions import (  # noqa: PLC0415 -- see the top
        TelemetryAssertions,
    )

    uses_client = "telemetry_client" in request.fixturenames
    client = request.getfixturevalue("telemetry_client") if uses_client else None
    return TelemetryAssertions(telemetry_sink, client)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the controller of pytest-xdist which Postgres this worker used."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_WORKERS_WORD] = sorted(_used(session.config))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: "WorkerController") -> None:
    """Take what a worker told; one that crashed told nothing."""
    _used(node.config).update(getattr(node, "workeroutput", {}).get(_WORKERS_WORD, ()))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say which Postgres was used, of each worker; where none was, say nothing."""
    for label in sorted(_used(config)):
        terminalreporter.write_line(f"telemetry postgres: {label}")


def _used(config: pytest.Config) -> set[str]:
    return config.stash.setdefault(_USED, set())


def _choice(config: pytest.Config) -> str:
    option: str | None = config.getoption("--telemetry-postgres")
    return option or given(POSTGRES_CHOICE) or str(config.getini("telemetry_postgres"))


def _need_the_extra() -> None:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        pytest.fail(
            f"the fixtures of vox-telemetry need what is not installed ({', '.join(missing)}): "
            "pip install 'vox-telemetry[testing]'",
            pytrace=False,
        )
