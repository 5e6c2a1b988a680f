import json
import stat
from pathlib import Path

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import Attempt, Enqueued, Rejected
from vox_telemetry_spec.problems import Problem

AT = "2026-11-22T12:00:00.000Z"
A = Approval("a", "0" * 64, 3, 100)


def test_a_line_is_readable_json_with_its_event_first(tmp_path: Path) -> None:
    Journal(tmp_path / "j").append(Enqueued(AT, [A]))
    Journal(tmp_path / "j").append(Attempt(AT, "a", "retry", 503))
    assert (tmp_path / "j").read_text().splitlines() == [
        (
            '{"event":"enqueued","at":"2026-11-22T12:00:00.000Z","batches":[{"batch_id":"a",'
            '"payload_sha256":"0000000000000000000000000000000000000000000000000000000000000000",'
            '"event_count":3,"byte_count":100}]}'
        ),
        '{"event":"attempt","at":"2026-11-22T12:00:00.000Z","batch_id":"a","duty":"retry","status":503}',
    ]
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o600


def test_every_line_is_one_line(tmp_path: Path) -> None:
    Journal(tmp_path / "j").append(Rejected(AT, "a", Problem(title="two\nlines")))
    assert [json.loads(line)["event"] for line in (tmp_path / "j").read_text().splitlines()] == [
        "rejected"
    ]
