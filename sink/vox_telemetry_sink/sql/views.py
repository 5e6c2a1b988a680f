"""Write the views of each family from its contract: `python -m vox_telemetry_sink.sql.views`.

What it prints stands between two comments in schema.sql; a contract that changes takes a migration
with the views that changed. Pure, but for the printing.
"""

import sys

from vox_telemetry_sink.columns import Column, Kind, columns_of
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.registry import Registry

BEGIN = "-- generated from the contracts: make views"
END = "-- end of what is generated"
# Before the members of the contract in each view of rows.
ROW_COLUMNS = (
    "received_at",
    "recorded_at",
    "key_id",
    "batch_id",
    "event_index",
    "session_id",
    "metric_value",
)
# metric_value may be NULL, and a group of k keys may have it of one of them.
_MEAN = (
    "avg(metric_value) AS mean",
    "count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean",
)
# Around the groups, since Citus asks k for no column beside them.
_WITH_MEAN = """SELECT {0},
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
{1}
) AS shown"""
_SAID_OF_DAYS = "k-anonymous: events of family {0} by day{1}"
_SAID_OF_ROWS = "rows: events of family {0} with the members of its contract as columns"


def family_views(contracts: Contracts) -> str:
    """Return the statements for all uploadable families, in the registry's order."""
    parts = [BEGIN]
    for family in contracts.registry.families:
        contract = contracts.of(family)
        if contract is not None:
            columns = columns_of(contract.document)
            has_scalar = contract.document["properties"]["metric_value"]["type"] != "null"
            parts += [_rows(family.family, columns), _days(family.family, columns, has_scalar)]
    return "\n\n".join([*parts, END])


def _rows(family: str, columns: list[Column]) -> str:
    selected = [*ROW_COLUMNS, *(f"{_typed(column)} AS {column.name}" for column in columns)]
    listed = ",\n       ".join(selected)
    return (
        f"CREATE VIEW event_{family} AS\nSELECT {listed}\nFROM all_events "
        f"WHERE family = '{family}';\n"
        f"COMMENT ON VIEW event_{family} IS '{_SAID_OF_ROWS.format(family)}';"
    )


def _days(family: str, columns: list[Column], has_scalar: bool) -> str:  # noqa: FBT001 -- private, one caller
    categories = [column for column in columns if column.is_category]
    groups = ["day", *(column.name for column in categories)]
    listed = ",\n       ".join(
        [
            "day",
            *(f"{_typed(column)} AS {column.name}" for column in categories),
            "count(*) AS events",
            "count(DISTINCT origin_key_id) AS keys",
            *(_MEAN if has_scalar else []),
        ]
    )
    grouped = (
        f"SELECT {listed}\n"  # noqa: S608 -- names of our contracts
        f"FROM all_events WHERE family = '{family}'\nGROUP BY {', '.join(groups)}\n"
        "HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)"
    )
    names = ", ".join([*groups, "events", "keys"])
    select = _WITH_MEAN.format(names, grouped) if has_scalar else grouped
    said = _SAID_OF_DAYS.format(family, "".join(f" and {column.name}" for column in categories))
    return (
        f"CREATE VIEW daily_{family} WITH (security_barrier) AS\n{select};\n"
        f"COMMENT ON VIEW daily_{family} IS '{said}';"
    )


def _typed(column: Column) -> str:
    text = f"metadata ->> '{column.name}'"
    if column.kind is Kind.TEXT:
        return text
    if column.kind is Kind.JSON:
        return f"nullif(metadata -> '{column.name}', 'null')"
    # By way of numeric: JSON Schema calls 1.0 an integer, and a cast of the text '1.0' fails.
    through = "numeric::" if column.kind is Kind.INTEGER else ""
    return f"({text})::{through}{column.kind}"


if __name__ == "__main__":
    sys.stdout.write(family_views(Contracts(Registry.load())) + "\n")
