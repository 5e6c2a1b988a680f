import csv
import io
from datetime import UTC, date, datetime

from vox_telemetry_sink.console.sheet import Sheet


def test_a_sheet_is_rfc_4180_byte_for_byte() -> None:
    moment = datetime(2026, 3, 1, 23, 59, 59, 999_000, tzinfo=UTC)
    rows = [
        ["plain", 7, None, date(2026, 3, 1), moment],
        ['say "hi", then', -1, "", "two\nlines", "é"],
    ]
    assert Sheet("s", ["a", "b", "c", "d", "e"], rows).text().encode() == (
        b"a,b,c,d,e\r\n"
        b"plain,7,,2026-03-01,2026-03-01T23:59:59.999Z\r\n"
        b'"say ""hi"", then",-1,,"two\nlines",\xc3\xa9\r\n'
    )


def test_no_cell_is_a_formula() -> None:
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")']
    text = Sheet("s", ["a"], [[each] for each in hostile]).text()
    read = [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]
    assert read == [f"'{each}" for each in hostile]


def test_a_sheet_without_rows_has_its_header() -> None:
    assert Sheet("s", ["a", "b"], []).text() == "a,b\r\n"
