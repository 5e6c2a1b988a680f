import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from vox_telemetry_client.config import Config
from vox_telemetry_client.disclosure.hindrances import hindrances, signing_key
from vox_telemetry_client.folder import Folder

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_without_a_key_nothing_would_be_sent(config: Config) -> None:
    assert signing_key(config) is None
    assert hindrances(config, Folder(config.spool), NOW) == [
        "no signing key yet, make one: vox-telemetry keys generate"
    ]


def test_a_key_file_is_named_and_not_opened(config: Config) -> None:
    named = replace(config, key_file=Path("/nowhere/key.pem"))
    assert signing_key(named) == "in the key file /nowhere/key.pem"
    assert hindrances(named, Folder(config.spool), NOW) == []


def test_a_pause_that_the_sink_asked_for_is_told(config: Config) -> None:
    state = config.spool / "state.json"
    state.write_text(json.dumps({"earliest_next_attempt": "2026-11-22T12:30:00Z"}))
    named = replace(config, key_file=Path("/nowhere/key.pem"))
    assert hindrances(named, Folder(config.spool), NOW) == [
        "the sink asked for no upload before 2026-11-22 12:30:00 UTC"
    ]
