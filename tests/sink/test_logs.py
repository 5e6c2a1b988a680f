import json
import logging
import sys

from vox_telemetry_sink.logs import UvicornFormatter, described


def failure() -> BaseException:
    try:
        try:
            raise KeyError("SECRET")
        except KeyError as exc:
            raise ValueError("SECRET") from exc
    except ValueError as exc:
        return exc


def test_an_exception_is_described_by_types_and_places_only():
    lines = described(failure())
    assert [line for line in lines if "Error" in line] == ["ValueError", "KeyError"]
    assert any("test_logs.py" in line and line.endswith(" failure") for line in lines)
    assert "SECRET" not in "".join(lines)


def test_uvicorns_lines_are_json_without_the_text_of_exceptions():
    error = failure()
    record = logging.LogRecord(
        "uvicorn.error", logging.ERROR, "f.py", 1, "it %s", ("failed",),
        (type(error), error, error.__traceback__),
    )
    text = UvicornFormatter().format(record)
    line = json.loads(text)
    assert (line["event"], line["level"]) == ("it failed", "error")
    assert line["error"][0] == "ValueError"
    assert "SECRET" not in text
    assert sys.exc_info() == (None, None, None)
