"""What the console answers beside pages: a table as a file, and the load as JSON."""

from typing import Final

from litestar import Response

from vox_telemetry_sink.console.sheet import Sheet

# RFC 4180 section 3 and RFC 7111; the byte order mark, without which Excel takes UTF-8 for another
# encoding, is left out on purpose: other programs take it for part of the first column's name.
CSV_MEDIA_TYPE: Final = "text/csv; header=present"  # Litestar adds the charset


def csv(sheet: Sheet) -> Response[bytes]:
    """Return a table as a file to be saved; its name is ours and plain."""
    return Response(
        sheet.text().encode(),
        media_type=CSV_MEDIA_TYPE,
        headers={"content-disposition": f'attachment; filename="{sheet.name}.csv"'},
    )
