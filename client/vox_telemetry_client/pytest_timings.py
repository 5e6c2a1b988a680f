"""A pytest reporter: one `benchmark_event` for each test function of a run, in the local store.

It is no entry point, so that an installed client touches nobody's runs. Whoever wants it says so:

    pytest -p vox_telemetry_client.pytest_timings --vox-timings-repository=my-project

or names it in `pytest_plugins` of the conftest.py at the root, where it does nothing until the
option is given: what it does then is in `pytest_reporter`, which is not imported before.
"""

import pytest

_OPTION = "--vox-timings-repository"
_DB_OPTION = "--vox-timings-db"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options."""
    group = parser.getgroup("vox-telemetry", "timings in the local store of vox-telemetry")
    group.addoption(
        _OPTION,
        metavar="ID",
        help="record the run in the local store, with session id bench:ID; nothing is sent",
    )
    group.addoption(
        _DB_OPTION,
        metavar="PATH",
        help="the store's file; default: that of `vox-telemetry record`",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to collect, where it was asked for, tests will run, and this is no worker of xdist.

    Raises:
        pytest.UsageError: a store without a repository id, or an id that may not be uploaded.

    """
    repository: str | None = config.getoption(_OPTION)
    db: str | None = config.getoption(_DB_OPTION)
    if db is not None and repository is None:
        raise pytest.UsageError(f"{_DB_OPTION} needs {_OPTION}")
    if repository is None or hasattr(config, "workerinput") or config.option.collectonly:
        return
    from vox_telemetry_client.pytest_modules import Modules  # noqa: PLC0415 -- see above
    from vox_telemetry_client.pytest_reporter import (  # noqa: PLC0415 -- see above
        Reporter,
        refusal_of,
    )

    if refused := refusal_of(repository):
        raise pytest.UsageError(f"{_OPTION}: {refused}")
    path = None if db is None else config.invocation_params.dir / db
    reporter = Reporter(repository, path, Modules(config))
    config.pluginmanager.register(reporter, "vox-telemetry timings of a run")
