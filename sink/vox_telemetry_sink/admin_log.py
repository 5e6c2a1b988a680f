"""A line of admin_log: what an operator changed or took out, in the transaction that does it."""

from collections.abc import Mapping

import msgspec

from vox_telemetry_sink.database import QUERIES, Connection


async def log_admin(
    connection: Connection, action: str, subject: str, detail: Mapping[str, object]
) -> None:
    """Write a line; `detail` never holds a secret.

    The driver's errors are left to the caller, who maps those of the whole transaction.
    """
    await connection.execute(QUERIES["log_admin"], action, subject, msgspec.json.encode(detail))
