import importlib
import io
import sys
from datetime import UTC, datetime
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vox_telemetry_sink import export_parquet
from vox_telemetry_sink.columns import Column, Kind
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_sink.export_parquet import Parquet

MOMENT = datetime(2026, 11, 3, 12, 0, 0, 250_001, tzinfo=UTC)
BATCH_ID = UUID("01930000-0000-7000-8000-000000000000")
COLUMNS = [
    Column("name", Kind.TEXT, is_category=False),
    Column("count", Kind.INTEGER, is_category=False),
    Column("cost", Kind.NUMBER, is_category=False),
    Column("retried", Kind.BOOLEAN, is_category=True),
    Column("details", Kind.JSON, is_category=False),
]


def row(index: int, metadata: bytes) -> tuple[object, ...]:
    common = ("k", BATCH_ID, index, "error", "telemetry.error", "S1", "s", None)
    return (MOMENT, MOMENT, *common, metadata)


def written(columns: list[Column] | None, *chunks: list[tuple[object, ...]]) -> pa.Table:
    buffer = io.BytesIO()
    writer = Parquet(buffer, columns)
    for rows in chunks:
        writer.write(rows)
    writer.finish()
    return pq.read_table(io.BytesIO(buffer.getvalue()))


def test_columns_of_a_family_are_typed() -> None:
    whole = b'{"name": "n", "count": 1.0, "cost": 2, "retried": true, "details": {"a": 1}}'
    table = written(COLUMNS, [row(0, whole)], [row(1, b'{"count": null, "details": null}')])
    assert {field.name: str(field.type) for field in table.schema} == {
        "received_at": "timestamp[us, tz=UTC]",
        "recorded_at": "timestamp[us, tz=UTC]",
        "key_id": "string",
        "batch_id": "string",
        "event_index": "int32",
        "family": "string",
        "metric_type": "string",
        "sensitivity_class": "string",
        "session_id": "string",
        "metric_value": "double",
        "name": "string",
        "count": "int64",
        "cost": "double",
        "retried": "bool",
        "details": "string",
    }
    first, second = table.to_pylist()
    assert (first["received_at"], first["batch_id"]) == (MOMENT, str(BATCH_ID))
    members = ("name", "count", "cost", "retried", "details")
    assert [first[name] for name in members] == ["n", 1, 2.0, True, '{"a":1}']
    assert [second[name] for name in members] == [None] * 5


def test_without_a_family_the_metadata_is_json_text() -> None:
    table = written(None, [row(0, b'{"a": 1}')])
    assert table.schema.names[-1] == "metadata"
    assert table["metadata"].to_pylist() == ['{"a": 1}']


def test_no_rows_are_a_file_with_columns() -> None:
    table = written(COLUMNS)
    assert (table.num_rows, table.num_columns) == (0, 15)


def test_rows_are_gathered_into_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_parquet, "EXPORT_ROW_GROUP_BYTES", 200)
    buffer = io.BytesIO()
    writer = Parquet(buffer, None)
    for index in range(7):
        writer.write([row(index, b"{}")])
    writer.finish()
    groups = pq.ParquetFile(io.BytesIO(buffer.getvalue())).metadata.num_row_groups
    assert 1 < groups < 7


def test_a_missing_pyarrow_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "vox_telemetry_sink.export_parquet")
    with pytest.raises(SinkError, match=r"pip install 'vox-telemetry\[parquet\]'"):
        importlib.import_module("vox_telemetry_sink.export_parquet")
