"""Write exported events as Parquet, by pyarrow, which is an extra of its own."""

from typing import IO, Any, Final

import msgspec

from vox_telemetry_sink.columns import Column, Kind
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_sink.export import EXPORT_COLUMNS, Row
from vox_telemetry_spec.limits import EXPORT_ROW_GROUP_BYTES

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as exc:
    raise SinkError(
        "parquet needs pyarrow, which is not installed: pip install 'vox-telemetry[parquet]', or "
        "use --format jsonl"
    ) from exc

_TIME: Final = pa.timestamp("us", tz="UTC")
_TYPES: Final = {
    "received_at": _TIME,
    "recorded_at": _TIME,
    "event_index": pa.int32(),
    "metric_value": pa.float64(),
}
_TYPES_OF_KINDS: Final = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.JSON: pa.string(),
}


class Parquet:
    """The columns of an export; with a family's columns its metadata is taken apart into them.

    Without, the metadata is one column of JSON text, since each family has other members.
    """

    def __init__(self, file: IO[bytes], columns: list[Column] | None) -> None:
        """Write to a binary file; the caller closes it."""
        self._columns = columns
        common = EXPORT_COLUMNS if columns is None else EXPORT_COLUMNS[:-1]
        fields = [(name, _TYPES.get(name, pa.string())) for name in common]
        fields += [(column.name, _TYPES_OF_KINDS[column.kind]) for column in columns or ()]
        self._schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []

    def write(self, rows: list[Row]) -> None:
        """Take some rows; a row group is written when there are enough for one."""
        values = [_common(row) + self._of_metadata(row[-1]) for row in rows]
        arrays = [
            pa.array(column, type=field.type)
            for column, field in zip(zip(*values, strict=True), self._schema, strict=True)
        ]
        self._waiting.append(pa.record_batch(arrays, schema=self._schema))
        if sum(batch.nbytes for batch in self._waiting) >= EXPORT_ROW_GROUP_BYTES:
            self._write_row_group()

    def finish(self) -> None:
        """Write what waits, and the footer."""
        self._write_row_group()
        self._writer.close()

    def _write_row_group(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting))
            self._waiting.clear()

    def _of_metadata(self, raw: bytes) -> tuple[Any, ...]:
        if self._columns is None:
            return (raw.decode(),)
        metadata = msgspec.json.decode(raw)
        return tuple(_value(column, metadata) for column in self._columns)


def _common(row: Row) -> tuple[Any, ...]:
    received_at, recorded_at, key_id, batch_id, *others = row[:-1]
    return (received_at, recorded_at, key_id, str(batch_id), *others)


def _value(column: Column, metadata: dict[str, Any]) -> Any:  # noqa: ANN401 -- of any column
    value = column.value(metadata)
    if column.kind is Kind.JSON and value is not None:
        return msgspec.json.encode(value).decode()
    return float(value) if column.kind is Kind.NUMBER and isinstance(value, int) else value
