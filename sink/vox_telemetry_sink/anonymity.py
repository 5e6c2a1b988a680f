"""The k of k-anonymity, one row in the database, so that the views obey it."""

from vox_telemetry_sink.admin_log import log_admin
from vox_telemetry_sink.database import QUERIES, Connection, mapped_driver_errors


async def find_k(connection: Connection) -> int:
    """Return from how many distinct keys on a group is shown.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    with mapped_driver_errors():
        k_keys: int = await connection.fetchval(QUERIES["find_anonymity"])
    return k_keys


async def change_k(connection: Connection, k_keys: int) -> int:
    """Set k, with a line in admin_log; return what it was.

    Raises:
        StoreError: the database refused, for example a k that is too small.
        StoreUnavailableError: it does not answer.

    """
    with mapped_driver_errors():
        async with connection.transaction():
            before = await find_k(connection)
            await connection.execute(QUERIES["change_anonymity"], k_keys)
            detail = {"k_keys": k_keys, "before": before}
            await log_admin(connection, "anonymity.set", "k_keys", detail)
    return before
