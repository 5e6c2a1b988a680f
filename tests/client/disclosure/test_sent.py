import json

from support.client_world import put, stores, upload
from support.http_server import misbehaving_server
from support.operator_machine import URL, Machine
from support.signed_answers import SINK
from vox_telemetry_client.disclosure import sent
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.spool import Spool

PINNED = {SINK.public.key_id: SINK.public}


def test_each_receipt_has_digest_url_and_what_its_signature_is_worth(machine: Machine) -> None:
    page = sent.rows(Journal(machine.spool.folder.journal), PINNED)
    assert (page.total, page.before) == (4, 0)
    assert [one.number for one in page.rows] == [3, 2, 1, 0]
    assert [str(one.checked.finding) for one in page.rows] == ["ok", "ok", "unsigned", "unsigned"]
    assert {one.url for one in page.rows} == {URL}
    assert page.rows[0].checked.key_id == SINK.public.key_id


def test_without_the_pinned_key_a_signature_proves_nothing(machine: Machine) -> None:
    path = machine.spool.folder.journal
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line.pop("sink_key_id", None)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = sent.find(Journal(path), {}, 3)
    assert found is not None
    assert str(found.checked.finding) == "unpinned"


def test_pages_go_back_in_time_and_memory_is_bounded(spool: Spool) -> None:
    put(spool, events=VIEW_PAGE_ROWS + 2, max_events=1)
    with misbehaving_server(then=stores()) as server:
        upload(spool, server)
    journal = Journal(spool.folder.journal)
    first = sent.rows(journal, {})
    assert (len(first.rows), first.before, first.total) == (VIEW_PAGE_ROWS, 2, VIEW_PAGE_ROWS + 2)
    second = sent.rows(journal, {}, first.before)
    assert ([one.number for one in second.rows], second.before) == ([1, 0], 0)


def test_without_a_grant_in_the_journal_no_url_is_claimed(spool: Spool) -> None:
    put(spool)
    with misbehaving_server(then=stores()) as server:
        upload(spool, server)
    with spool.folder.journal.open("ab") as file:
        file.write(b"damaged\n\xff\xfe\n")
    (only,) = sent.rows(Journal(spool.folder.journal), {}).rows
    assert only.url == ""
    assert sent.find(Journal(spool.folder.journal), {}, 1) is None
