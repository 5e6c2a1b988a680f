"""The limits against the documents they come from; test_wire_document compares them with the wire spec."""

import json
from typing import Any

from vox_telemetry_spec import limits
from vox_telemetry_spec.data import read_contract

UNITS = (
    "_BYTES",
    "_BATCHES",
    "_CONNECTIONS",
    "_KEYS",
    "_EVENTS",
    "_DEPTH",
    "_S",
    "_MS",
    "_CHARS",
    "_COUNT",
    "_DAYS",
    "_BURST",
)


def _schema(name: str) -> Any:
    return json.loads(read_contract(f"contracts/telemetry/{name}.v1.schema.json"))


def test_every_limit_has_its_unit_in_its_name() -> None:
    names = [name for name in vars(limits) if name.isupper()]
    assert len(names) > 10
    assert [name for name in names if not name.endswith(UNITS)] == []


def test_the_schemas_repeat_the_limits_faithfully() -> None:
    assert _schema("usage-batch")["properties"]["events"]["maxItems"] == limits.BATCH_MAX_EVENTS
    count = _schema("usage-receipt")["properties"]["event_count"]
    assert (count["minimum"], count["maximum"]) == (1, limits.BATCH_MAX_EVENTS)
