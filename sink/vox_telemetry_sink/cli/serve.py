"""`vox-telemetry-sink serve`: run the sink until SIGTERM or Ctrl-C."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
import uvicorn

from vox_telemetry_sink import database
from vox_telemetry_sink.app import app_of_several, worker_app
from vox_telemetry_sink.cli.settings import (
    DatabaseUrl,
    DataDir,
    opened_store,
    running_database,
    settings,
)
from vox_telemetry_sink.config import (
    DATA_DIR,
    DATABASE_URL,
    HOST,
    INSECURE_LISTEN,
    METRICS_LISTEN,
    PORT,
    RECEIPT_KEY_FILE,
    WORKERS,
    Config,
)
from vox_telemetry_sink.errors import ConfigError, MigrationError, os_words
from vox_telemetry_sink.listening import check_listening
from vox_telemetry_sink.logs import UVICORN_LOG_CONFIG, configure_logging, log
from vox_telemetry_sink.metrics import MULTIPROCESS_DIR, metrics_served
from vox_telemetry_sink.protocol import HeaderDeadlineProtocol
from vox_telemetry_sink.receipt_key import (
    RECEIPT_KEY_NAME,
    generate_receipt_key,
    load_receipt_key,
)
from vox_telemetry_sink.workers import run_workers
from vox_telemetry_spec.limits import (
    DRAIN_DEADLINE_S,
    KEEP_ALIVE_IDLE_MAX_S,
)


def serve(
    host: Annotated[str | None, typer.Option(help=f"Address; environment {HOST}.")] = None,
    port: Annotated[int | None, typer.Option(help=f"Port; environment {PORT}.")] = None,
    workers: Annotated[
        int | None, typer.Option(help=f"Worker processes; environment {WORKERS}.")
    ] = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    insecure_listen: Annotated[
        bool,
        typer.Option(
            "--insecure-listen",
            help="Listen where others can read what is sent, without a TLS-terminating proxy; "
            f"environment {INSECURE_LISTEN}.",
        ),
    ] = False,
) -> None:
    """Serve POST /v1/batches. Without a database URL an embedded Postgres is started."""
    given = settings(
        {
            HOST: host,
            PORT: port,
            WORKERS: workers,
            DATABASE_URL: database_url,
            DATA_DIR: data_dir,
            INSECURE_LISTEN: "1" if insecure_listen else None,
        }
    )
    config = Config.from_env(given)
    check_listening(config)
    configure_logging()
    # uvicorn drains on SIGTERM and then raises it again; unwinding stops the embedded Postgres.
    signal.signal(signal.SIGTERM, _end)
    with (
        running_database(config, supervised=True) as dsn,
        _metrics(config) as for_workers,
    ):
        is_ours = config.database_url is None
        asyncio.run(_prepare(dsn, may_migrate=is_ours))
        log().info("serving", host=config.host, port=config.port, workers=config.workers)
        key_file = _receipt_key_file(config)
        _serve(replace(config, database_url=dsn, receipt_key_file=key_file), for_workers)


def _receipt_key_file(config: Config) -> Path | None:
    """Return the file whose key signs receipts; beside the embedded database one is made.

    Raises:
        ConfigError: it cannot be made.

    """
    ours = config.database_url is None  # several sinks on one database need one key: not ours
    file = config.data_dir / RECEIPT_KEY_NAME if ours else None
    file = config.receipt_key_file or file
    if file is None:
        log().warning("receipts-unsigned", reason=f"{RECEIPT_KEY_FILE} is not set")
        return None
    if config.receipt_key_file is None and not file.exists():
        made = generate_receipt_key(file)
        log().info("receipt-key-made", file=str(file), key_id=made.public.key_id)
    log().info("receipts-signed", key_id=load_receipt_key(file).public.key_id)
    return file


@contextmanager
def _metrics(config: Config) -> Iterator[dict[str, str]]:
    """Serve the metrics of all workers for the length of a block; yield what tells them where.

    Raises:
        ConfigError: the address cannot be listened on.

    """
    if config.metrics_listen is None:
        yield {}
        return
    with ExitStack() as stack:
        folder = None
        if config.workers > 1:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="vox-sink-metrics-")))
        try:
            port = stack.enter_context(metrics_served(*config.metrics_listen, folder))
        except OSError as exc:
            raise ConfigError(
                f"{METRICS_LISTEN} cannot be listened on: {os_words(exc)}; "
                "expected an own, free address"
            ) from exc
        log().info("metrics", host=config.metrics_listen.host, port=port)
        yield {} if folder is None else {MULTIPROCESS_DIR: str(folder)}


async def _prepare(dsn: str, *, may_migrate: bool) -> None:
    """Migrate the embedded database; refuse an external one that is not up to date.

    Raises:
        MigrationError: migrations are pending; an operator decides when to run them.
        StoreUnavailableError: the database does not answer.

    """
    if not may_migrate:
        async with opened_store(dsn) as store:
            pending = await store.pending_migrations()
        if pending:
            raise MigrationError(
                f"the database lacks {', '.join(pending)}: run vox-telemetry-sink migrate"
            )
    await database.migrate(dsn)  # nothing pending: makes the partitions of the coming months


def _serve(config: Config, for_workers: dict[str, str]) -> None:
    options: dict[str, Any] = {
        "host": config.host,
        "port": config.port,
        "workers": config.workers,
        "log_config": UVICORN_LOG_CONFIG,
        "access_log": False,  # its lines hold addresses
        "server_header": False,
        "proxy_headers": False,  # nobody's address is wanted
        "http": HeaderDeadlineProtocol,
        "ws": "none",
        "timeout_keep_alive": KEEP_ALIVE_IDLE_MAX_S,
        "timeout_graceful_shutdown": DRAIN_DEADLINE_S,
    }
    if config.workers == 1:
        uvicorn.run(worker_app(config), **options)
    else:
        os.environ.update(for_workers)
        run_workers(partial(app_of_several, config), **options)


def _end(_signal: int, _frame: object) -> None:
    raise SystemExit(0)
