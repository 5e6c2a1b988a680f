"""What this project sends, and what it never does, proved against a real sink."""

from pathlib import Path

import pytest

from kiln.telemetry import keep
from kiln.timings import Timings
from vox_telemetry_sink.testing import TelemetryAssertions, TelemetryClient, TelemetrySink

CANARY = "canary-c4n4ry"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Timings:
    """Build something in a folder whose name must not leave this machine."""
    folder = tmp_path / CANARY
    folder.mkdir()
    monkeypatch.chdir(folder)
    timings = Timings("kiln")
    with timings.stage("compile"), timings.stage("link"):
        Path("out").write_text("built")
    return timings


def test_a_build_keeps_its_timings_and_sends_nothing(
    built: Timings, telemetry_client: TelemetryClient, assert_telemetry: TelemetryAssertions
) -> None:
    assert keep(built) is None
    assert telemetry_client.store.is_file()
    assert_telemetry.pending(2)
    assert_telemetry.nothing_stored()


def test_an_operator_uploads_the_timings_and_nothing_else(
    built: Timings, telemetry_client: TelemetryClient, assert_telemetry: TelemetryAssertions
) -> None:
    assert keep(built) is None
    assert telemetry_client.upload()["totals"]["acknowledged"] == 1
    assert_telemetry.never_sent(CANARY)
    rows = assert_telemetry.stored(2, metric_type="benchmark_event", session_id="bench:kiln")
    assert [row.metadata["details"] for row in rows] == [{"stage": "link"}, {"stage": "compile"}]
    assert_telemetry.nothing_pending()
    assert_telemetry.everything_accounted_for()


def test_a_sink_that_is_away_loses_nothing(
    built: Timings,
    telemetry_client: TelemetryClient,
    telemetry_sink: TelemetrySink,
    assert_telemetry: TelemetryAssertions,
) -> None:
    telemetry_sink.stop()
    assert keep(built) is None
    assert telemetry_client.upload("--max-seconds", "1")["totals"]["kept"] == 1
    telemetry_sink.start()
    telemetry_client.upload()
    assert_telemetry.stored(2)
    assert_telemetry.nothing_pending()


def test_telemetry_that_is_switched_off_does_not_fail_a_build(
    built: Timings, telemetry_client: TelemetryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOX_TELEMETRY", "off")
    assert keep(built) is None
    assert not telemetry_client.store.exists()
