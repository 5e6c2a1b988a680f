import pytest
from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.receive import combined_fields


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ([(b"X-A", b" 1\t")], {"x-a": "1"}),
        ([(b"x-a", b"1"), (b"X-A", b"2")], {"x-a": "1, 2"}),
        ([(b"x-a", b""), (b"x-a", b"")], {"x-a": ", "}),
        ([(b"x-a", b"\xe9")], {"x-a": "\xe9"}),
    ],
)
def test_header_lines_are_trimmed_and_joined_as_rfc_9421_2_1_says(headers, fields):
    assert combined_fields(headers) == fields


@pytest.mark.parametrize("breaker", [b"\r", b"\n", b"\0"])
def test_a_line_break_in_a_value_is_refused(breaker):
    with pytest.raises(RefusalError, match="expected one line"):
        combined_fields([(b"x-a", b"1" + breaker + b'"@path": /other')])
