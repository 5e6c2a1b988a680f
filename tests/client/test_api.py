"""The public API against the real rooms, a real keyring and a real HTTP server."""

import math
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import vox_telemetry_client
from support.cli import run_cli
from support.client_world import consent_to, problem, stores
from support.events import benchmark_event
from support.http_server import MisbehavingServer, misbehaving_server
from vox_telemetry_client import (
    EventsRefusedError,
    Result,
    RunLimits,
    Spool,
    TelemetryError,
    consent_file,
    credentials,
    enqueue,
    key_list,
    own_keys,
    upload,
)
from vox_telemetry_client.errors import (
    ConsentError,
    NotConfiguredError,
    SpoolFullError,
    SpoolUnsafeError,
    SwitchedOffError,
)
from vox_telemetry_client.key_list import Enrolment
from vox_telemetry_spec.keys import SigningKey


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool.open(tmp_path / "queue")


@pytest.fixture
def sink(keyring_backend: object, monkeypatch: pytest.MonkeyPatch):
    """Give a sink that stores, to a client with a key and with consent to it."""
    own_keys.generate(datetime.now(UTC), use=True)
    with misbehaving_server(then=stores()) as server:
        monkeypatch.setenv("VOX_TELEMETRY_UPLOAD_URL", server.url)
        consent_to(server.url)
        yield server


def test_enqueue_then_upload(spool: Spool, sink: MisbehavingServer) -> None:
    [batch] = enqueue([benchmark_event(), benchmark_event()], spool=spool)
    payload = spool.payload(batch.batch_id)
    assert (batch.event_count, batch.byte_count) == (2, len(payload))
    assert spool.pending() == [batch.batch_id]
    report = upload(spool=spool)
    assert [(one.batch_id, one.result) for one in report.outcomes] == [
        (batch.batch_id, Result.ACKNOWLEDGED)
    ]
    assert (report.stopped, report.error, spool.pending()) == (None, None, [])
    assert [request.body for request in sink.requests] == [payload]


def enrol_to_wait(sink: MisbehavingServer) -> None:
    """Enrol the key at a sink that lets it wait for approval."""
    key = credentials.load_key(None)
    said = Enrolment("2026-11-22T12:00:00.000Z", sink.url, "a", "S1", waits_for_approval=True)
    own_keys.enrolled(key, said, datetime.now(UTC), file=None, overlap_h=0)


def test_an_upload_that_is_taken_tells_that_the_key_waits_for_approval_no_more(
    spool: Spool, sink: MisbehavingServer
) -> None:
    enrol_to_wait(sink)
    sink.script(problem(403, "key-not-approved"))
    enqueue([benchmark_event()], spool=spool)
    assert "approve key" in str(upload(spool=spool).stopped)
    assert key_list.read().find(None).waits_for_approval
    assert upload(spool=spool).took_one
    assert not key_list.read().find(None).waits_for_approval


def test_a_key_that_waited_and_is_called_revoked_is_told_so_until_it_is_taken(
    spool: Spool, sink: MisbehavingServer, tmp_path: Path
) -> None:
    enrol_to_wait(sink)
    sink.script(problem(403, "key-revoked"))
    enqueue([benchmark_event()], spool=spool)
    upload(spool=spool)
    known = key_list.read().find(None)
    assert (known.waits_for_approval, known.is_revoked) == (False, True)
    env = {"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "queue"), "VOX_TELEMETRY_UPLOAD_URL": sink.url}
    status = run_cli("vox-telemetry", "status", env=env).out
    assert f"key         {known.key_id} (keyring), revoked\n" in status
    assert "next        rotate to a new key: `vox-telemetry keys rotate --enrol`\n" in status
    assert "as a, revoked" in run_cli("vox-telemetry", "keys", "list", env=env).out
    assert upload(spool=spool).took_one
    assert not key_list.read().find(None).is_revoked


def test_a_list_of_keys_that_cannot_be_written_fails_no_upload(
    spool: Spool, sink: MisbehavingServer
) -> None:
    enrol_to_wait(sink)
    enqueue([benchmark_event()], spool=spool)
    lock = key_list.path().with_name("keys.lock")
    lock.unlink()
    lock.mkdir()
    assert upload(spool=spool).took_one
    assert spool.pending() == []
    assert key_list.read().find(None).waits_for_approval


def test_a_pinned_sink_that_does_not_sign_its_receipt_keeps_the_batch(
    spool: Spool, sink: MisbehavingServer
) -> None:
    sink_key = dict(SigningKey(b"s" * 32).public.jwk)
    said = Enrolment("2026-11-22T12:00:00.000Z", sink.url, "mine", "S1", sink_key=sink_key)
    [known] = key_list.read().keys
    key_list.change(lambda keys: keys.with_key(structs.replace(known, enrolment=said)))
    [batch] = enqueue([benchmark_event()], spool=spool)
    report = upload(spool=spool)
    assert "receipt" in str(report.stopped)
    assert spool.pending() == [batch.batch_id]


def test_the_default_spool_is_the_command_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOX_TELEMETRY_SPOOL_DIR", str(tmp_path / "there"))
    [batch] = enqueue([benchmark_event()])
    assert Spool.open().path == tmp_path / "there"
    ran = run_cli("vox-telemetry", "show", batch.batch_id)
    assert ran.out.encode() == Spool.open().payload(batch.batch_id)


def test_events_may_come_from_a_generator_and_no_events_make_no_batch(spool: Spool) -> None:
    assert len(enqueue((benchmark_event() for _ in range(3)), spool=spool)) == 1
    assert enqueue([], spool=spool) == []


@pytest.mark.parametrize(
    ("changes", "pointer", "rule"),
    [
        ({"metadata": {"name": "x", "repository_id": "/home/a"}}, "/metadata", ""),
        ({"metric_type": "unheard"}, "/metric_type", "contract.unknown-metric-type"),
        ({"metric_value": math.nan}, "", "json.syntax"),
        ({"metric_value": object()}, "", "json.syntax"),
    ],
    ids=["forbidden", "unknown", "nan", "object"],
)
def test_a_refused_event_keeps_all_out_and_is_told_without_its_value(
    spool: Spool, changes: dict[str, Any], pointer: str, rule: str
) -> None:
    with pytest.raises(EventsRefusedError, match=r"^event 1: .*; nothing was kept$") as caught:
        enqueue([benchmark_event(), benchmark_event(**changes)], spool=spool)
    first = caught.value.violations[0]
    assert first.event == 1
    assert first.pointer.startswith(pointer)
    assert rule in first.rule
    assert "/home/a" not in str(caught.value)
    assert spool.pending() == []


def test_a_full_spool_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOX_TELEMETRY_SPOOL_MAX_BYTES", "10")
    with pytest.raises(SpoolFullError, match="quota"):
        enqueue([benchmark_event()], spool=Spool.open(tmp_path / "q"))


def test_an_unsafe_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q").mkdir(mode=0o755)
    (tmp_path / "q").chmod(0o755)
    with pytest.raises(SpoolUnsafeError, match="chmod 700"):
        Spool.open(tmp_path / "q")


@pytest.mark.parametrize(("variable", "value"), [("VOX_TELEMETRY", "off"), ("DO_NOT_TRACK", "1")])
def test_upload_obeys_the_switches(
    spool: Spool,
    sink: MisbehavingServer,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
) -> None:
    enqueue([benchmark_event()], spool=spool)
    monkeypatch.setenv(variable, value)
    with pytest.raises(SwitchedOffError, match=variable):
        upload(spool=spool)
    assert sink.requests == []
    assert len(spool.pending()) == 1


def test_upload_obeys_consent(spool: Spool, sink: MisbehavingServer) -> None:
    enqueue([benchmark_event()], spool=spool)
    with pytest.raises(ConsentError, match="not for the URL"):
        upload(spool=spool, url=sink.url + "/other")
    consent_file.path().unlink()
    with pytest.raises(ConsentError, match="has not been granted"):
        upload(spool=spool)
    assert sink.requests == []


def test_consent_withdrawn_on_the_way_stops_the_run(spool: Spool, sink: MisbehavingServer) -> None:
    enqueue([benchmark_event()], spool=spool)
    enqueue([benchmark_event()], spool=spool)

    from support.client_world import receipt_for
    from support.http_answers import computed

    def withdraw(request):
        consent_file.path().unlink()
        return (
            201,
            {"Content-Type": "application/vnd.vox.usage-receipt.v1+json"},
            receipt_for(request),
        )

    sink.script(computed(withdraw))
    report = upload(spool=spool)
    assert isinstance(report.error, ConsentError)
    assert len(sink.requests) == 1
    assert len(spool.pending()) == 1


def test_trouble_on_the_way_is_in_the_report(spool: Spool, sink: MisbehavingServer) -> None:
    enqueue([benchmark_event()], spool=spool)
    sink.script(problem(401, "key-unknown"))
    report = upload(spool=spool)
    assert report.stopped is not None
    assert "enrol this key" in report.stopped
    assert len(spool.pending()) == 1


def test_a_run_may_be_limited(spool: Spool, sink: MisbehavingServer) -> None:
    enqueue([benchmark_event()], spool=spool)
    enqueue([benchmark_event()], spool=spool)
    upload(spool=spool, limits=RunLimits(max_batches=1))
    assert (len(sink.requests), len(spool.pending())) == (1, 1)


def test_upload_without_a_url(spool: Spool, keyring_backend: object) -> None:
    with pytest.raises(NotConfiguredError, match="no upload URL"):
        upload(spool=spool)


def test_all_errors_are_of_one_tree() -> None:
    assert issubclass(EventsRefusedError, TelemetryError)


def test_every_public_name_is_there_and_described() -> None:
    for name in vox_telemetry_client.__all__:
        assert getattr(vox_telemetry_client, name).__doc__
    assert set(dir(vox_telemetry_client)) >= set(vox_telemetry_client.__all__)
    with pytest.raises(AttributeError, match="no attribute 'unheard'"):
        vox_telemetry_client.unheard  # noqa: B018 -- the access is the test


_LOADED = """
import sys
{code}
slow = {{"typer", "rich", "httpx", "tenacity", "keyring", "truststore"}}
print(sorted(slow & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("import vox_telemetry_client", []),
        ("from vox_telemetry_client import record", []),
        ("from vox_telemetry_client import Spool, enqueue, upload", []),
    ],
)
def test_importing_costs_little(code: str, loaded: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(code=code)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == f"{loaded}\n"


def test_the_whole_api_needs_no_command_line(
    spool: Spool, sink: MisbehavingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sys; sys.modules['typer'] = sys.modules['rich'] = None\n"
        "from vox_telemetry_client import Spool, enqueue, record, upload\n"
        f"spool = Spool.open({str(spool.path)!r})\n"
        f"enqueue([{benchmark_event()!r}], spool=spool)\n"
        "print(upload(spool=spool).totals['acknowledged'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.mark.parametrize("first", ["enqueuing", "api", "cli"])
def test_the_public_names_win_over_the_rooms_whatever_is_imported_first(first: str) -> None:
    code = (
        f"import vox_telemetry_client.{first}\n"
        "from vox_telemetry_client import Spool, enqueue, record, upload\n"
        "print(all(map(callable, (Spool, enqueue, record, upload))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "True\n"
