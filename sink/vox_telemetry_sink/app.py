"""The table of contents: what is served, what a worker holds, how failures are answered."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any, NamedTuple

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from vox_telemetry_sink.about import about
from vox_telemetry_sink.checks import Checks
from vox_telemetry_sink.collecting import collect_less
from vox_telemetry_sink.config import DATABASE_URL, Config
from vox_telemetry_sink.console.failures import answer_unrouted
from vox_telemetry_sink.console.gate import Gate
from vox_telemetry_sink.console.held import Console
from vox_telemetry_sink.console.page import TEMPLATE_CONFIG
from vox_telemetry_sink.console.router import console_router
from vox_telemetry_sink.console.who import who
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.enrol import enrol
from vox_telemetry_sink.errors import ConfigError
from vox_telemetry_sink.front import Front
from vox_telemetry_sink.head import HeadAsGet
from vox_telemetry_sink.health import livez, readyz
from vox_telemetry_sink.ingest import Sink, ingest
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_sink.keys import KeyRegistry
from vox_telemetry_sink.limiter import Limiter
from vox_telemetry_sink.logs import configure_logging
from vox_telemetry_sink.metrics import sampled
from vox_telemetry_sink.openapi import openapi_config
from vox_telemetry_sink.partitions import keeping_partitions_ahead
from vox_telemetry_sink.problems import EXCEPTION_HANDLERS
from vox_telemetry_sink.receipt_key import load_receipt_key
from vox_telemetry_sink.store import Store
from vox_telemetry_sink.tracing import traced
from vox_telemetry_sink.writer import running_writer
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.limits import ENROLMENT_RATE_BURST, ENROLMENT_RATE_PER_S


class Loaded(NamedTuple):
    """What a worker reads once from files: the contract, and the key that signs receipts."""

    checker: Checker
    receipt_key: SigningKey | None


def create_app(config: Config) -> ASGIApp:
    """Return what is served: the application behind the layer that names and counts requests.

    Raises:
        ConfigError: as `create_litestar`.
        RegistryError: as `create_litestar`.

    """
    app = create_litestar(config)
    served = HeadAsGet(app)
    return Front(Gate(served, app.state, config) if config.console else served)


def create_litestar(config: Config) -> Litestar:
    """Return the sink's application.

    Raises:
        ConfigError: no database: `serve` starts the embedded one and says where it is; or a
            receipt key that cannot be used.
        RegistryError: a packaged contract file is damaged.

    """
    if config.database_url is None:
        raise ConfigError(f"{DATABASE_URL} is not set, expected postgresql://…")
    file = config.receipt_key_file
    loaded = Loaded(Checker.load(), None if file is None else load_receipt_key(file))
    return Litestar(
        route_handlers=[ingest, enrol, about, livez, readyz, *_console(config)],
        dependencies={"sink": Provide(_held_sink, sync_to_thread=False)},
        exception_handlers=EXCEPTION_HANDLERS | _unrouted(config),
        template_config=TEMPLATE_CONFIG,
        lifespan=[_holding(config, config.database_url, loaded)],
        openapi_config=openapi_config(version("vox-telemetry")),
        logging_config=None,  # Litestar's own log would print exceptions with their messages
    )


def worker_app(config: Config) -> ASGIApp:
    """Return the application for a process that does nothing else.

    Raises:
        ConfigError: as `create_litestar`.
        RegistryError: as `create_litestar`.

    """
    app = create_app(config)
    collect_less()
    return app


def app_of_several(config: Config) -> ASGIApp:
    """Return the application for one of several processes, which begins without a log.

    Raises:
        ConfigError: as `create_litestar`.
        RegistryError: as `create_litestar`.

    """
    configure_logging()
    return worker_app(config)


def _holding(
    config: Config, dsn: str, loaded: Loaded
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def holding(app: Litestar) -> AsyncIterator[None]:
        async with connected_pool(dsn) as pool:
            store, key_store = Store(pool), KeyStore(pool)
            with Checks.running(loaded.checker) as checks, traced(config.otlp_endpoint):
                async with (
                    keeping_partitions_ahead(pool),
                    running_writer(store) as writer,
                    sampled(writer, pool),
                ):
                    keys = KeyRegistry(key_store, clock=time.monotonic)
                    app.state.console = Console.holding(pool, keys)
                    app.state.sink = Sink(
                        config=config,
                        checks=checks,
                        store=store,
                        keys=keys,
                        key_store=key_store,
                        limiter=Limiter(rate_per_s=config.rate_per_s, burst=config.rate_burst),
                        enrolment_limiter=Limiter(
                            rate_per_s=ENROLMENT_RATE_PER_S,
                            burst=ENROLMENT_RATE_BURST,
                            policy_name="enrolments",
                        ),
                        writer=writer,
                        receipt_key=loaded.receipt_key,
                    )
                    yield

    return holding


def _console(config: Config) -> list[Router]:
    return [console_router(who)] if config.console else []


def _unrouted(config: Config) -> dict[int | type[Exception], Any]:
    return {HTTPException: answer_unrouted} if config.console else {}


def _held_sink(state: State) -> Sink:
    sink: Sink = state.sink
    return sink
