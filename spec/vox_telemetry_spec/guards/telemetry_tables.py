"""Guard: every table of ours that holds telemetry has a row in the retention policy.

Partitions are left out: they live and go with the table that they are part of. Rows for tables
that are not ours are the original's and stay.
"""

import re
from collections.abc import Iterator

from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.retention import POLICY_PATH, parse_policy, tables_without_rule

SINK_SCHEMA = "sink/vox_telemetry_sink/sql/schema.sql"
CLIENT_TABLE = "research_metrics"  # the original's table, where the client's local rows live
_TABLE = re.compile(
    r"^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(\w+)(?! *PARTITION OF)\b", re.MULTILINE
)
_COLUMN = r"^CREATE TABLE {table} \((?:(?!^\)).)*?^ +{column} "


def telemetry_tables(checkout: Checkout) -> Iterator[str]:
    """Yield tables without a rule, and rules that name a column which their table has not."""
    policy = parse_policy(checkout.contract(POLICY_PATH), POLICY_PATH)
    schema = checkout.text(SINK_SCHEMA)
    tables = _TABLE.findall(schema)
    for table in tables_without_rule([*tables, CLIENT_TABLE], policy):
        yield f"table '{table}' has no rule in {POLICY_PATH}, expected one"
    for table in tables:
        column = policy[table].time_column if table in policy else None
        if column and not re.search(
            _COLUMN.format(table=table, column=column), schema, re.MULTILINE | re.DOTALL
        ):
            yield f"{POLICY_PATH} names column '{column}' of table '{table}', which has none such"
