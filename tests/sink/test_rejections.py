from datetime import UTC, datetime

import pytest

from vox_telemetry_sink.database import operator_connection
from vox_telemetry_sink.errors import StoreError
from vox_telemetry_sink.rejections import (
    ListedRejection,
    ProblemCount,
    RuleCount,
    count_rejections,
    list_rejections,
)
from vox_telemetry_sink.store import Rejection, Store
from vox_telemetry_spec.violations import Violation

NOW = datetime(2026, 11, 22, 1, 2, 3, 4_000, tzinfo=UTC)


async def test_what_the_sink_keeps_of_a_refusal_is_listed_and_counted(
    store: Store, database_url: str
) -> None:
    violation = Violation(3, "/metadata", "contract.additionalProperties")
    await store.keep_rejection(Rejection(NOW, "k", "contract-refused", [violation], b"d" * 32, 9))
    async with operator_connection(database_url) as connection:
        assert await list_rejections(connection, NOW, 10) == [
            ListedRejection(
                1,
                "2026-11-22T01:02:03.004Z",
                "k",
                "contract-refused",
                [violation],
                (b"d" * 32).hex(),
                9,
            )
        ]
        assert await count_rejections(connection, NOW) == (
            [ProblemCount("contract-refused", 1, 1)],
            [RuleCount("contract-refused", "contract.additionalProperties", 1, 1, 1)],
        )


async def test_a_refusal_of_the_database_is_mapped(database_url: str) -> None:
    async with operator_connection(database_url) as connection:
        await connection.execute("ALTER TABLE rejection RENAME TO away")
        with pytest.raises(StoreError, match="SQLSTATE 42P01"):
            await list_rejections(connection, NOW, 10)
        with pytest.raises(StoreError, match="SQLSTATE 42P01"):
            await count_rejections(connection, NOW)
