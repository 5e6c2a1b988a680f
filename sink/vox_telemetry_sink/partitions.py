"""Make partitions ahead while the sink serves: once a day, in every worker, one at a time."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from vox_telemetry_sink.database import Pool, make_partitions, mapped_driver_errors
from vox_telemetry_sink.errors import StoreError
from vox_telemetry_sink.logs import log
from vox_telemetry_spec.limits import PARTITIONS_CHECK_INTERVAL_S

# Of the interval: workers and hosts that started together do not ask together for long.
_JITTER = (0.5, 1.0)


@asynccontextmanager
async def keeping_partitions_ahead(
    pool: Pool,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    interval_s: float = PARTITIONS_CHECK_INTERVAL_S,
) -> AsyncIterator[None]:
    """Look after the partitions for the length of a block, first after up to one interval.

    `migrate` and `serve` have made them before anything is served. What goes wrong is logged and
    tried again the next time: until then the default partition takes what comes.
    """
    task = asyncio.create_task(_keep(pool, clock, interval_s), name="partitions")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _keep(pool: Pool, clock: Callable[[], datetime], interval_s: float) -> None:
    while True:
        await asyncio.sleep(interval_s * random.uniform(*_JITTER))  # noqa: S311 -- no secret
        try:
            with mapped_driver_errors():
                async with pool.acquire() as connection:
                    made = await make_partitions(connection, clock().date())
        except StoreError as exc:
            log().error("partitions not made", reason=str(exc))
        else:
            log().info("partitions made", count=made)
