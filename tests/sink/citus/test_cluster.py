"""The sink on a real Citus cluster (issue 7 point 5); runs where VOX_TEST_CITUS_URL names one."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.cli import Ran, run_cli
from support.console import Person
from support.console_pages import opened_pages
from support.senders import HELD, STORED, Senders, assert_the_database_holds, enrolled_keys
from support.sink_process import sink_process
from support.stored import run, store_batch
from support.waiting import wait_for
from support.world import free_port
from vox_telemetry_sink.citus import DISTRIBUTED, REFERENCE, distribute
from vox_telemetry_sink.config import Config
from vox_telemetry_sink.console.visitor import Role
from vox_telemetry_sink.database import connected_pool, make_partitions, operator_connection
from vox_telemetry_sink.errors import MigrationError
from vox_telemetry_sink.retention import Limits
from vox_telemetry_sink.retention_store import apply, plan

PLACES = "SELECT table_name::text, citus_table_type, distribution_column FROM public.citus_tables"
COUNT = "SELECT count(*) FROM {}"
BATCHES = 60  # of three clients, each of which repeats every tenth
OF_VIEWERS = ["", "/families", "/rejections", "/overview.csv", "/rejections-by-rule.csv"]
OF_ADMINISTRATORS = [*OF_VIEWERS, "/keys", "/keys.csv", "/rejections.csv", "/storage", "/health"]
NOW = datetime.now(UTC)
EARLY = NOW - timedelta(days=500)


def sink(dsn: str, *args: str) -> Ran:
    return run_cli("vox-telemetry-sink", *args, env={"VOX_SINK_DATABASE_URL": dsn})


@pytest.fixture(scope="module")
def spread(cluster_url: str) -> str:
    """Migrate, store a batch, and only then spread: the rows that are there move."""
    assert sink(cluster_url, "migrate").code == 0
    asyncio.run(store_batch(cluster_url, NOW, key_id="before", events=3))
    ran = sink(cluster_url, "migrate", "--citus", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out) == {
        "applied": [],
        "spread": [*REFERENCE, *(name for name, _, _ in DISTRIBUTED)],
    }
    return cluster_url


@pytest.fixture
def database_url(spread: str) -> str:
    return spread


async def asked(dsn: str, query: str, *args: object) -> list[tuple[Any, ...]]:
    return await run(dsn, query, *args)


async def test_every_table_lies_where_it_is_said_to(database_url: str) -> None:
    schema = (await asked(database_url, "SELECT current_schema()"))[0][0]
    rows = await asked(database_url, PLACES)
    kept = {
        name: (kind, column) for name, kind, column in rows if "." not in name or schema in name
    }
    assert {name: kept[name] for name in REFERENCE} == dict.fromkeys(
        REFERENCE, ("reference", "<none>")
    )
    assert {name: kept[name] for name, _, _ in DISTRIBUTED} == {
        name: ("distributed", column) for name, column, _ in DISTRIBUTED
    }
    assert kept["event_default"] == ("distributed", "batch_id")


async def test_rows_that_were_there_are_there_and_nothing_of_them_stays_behind(
    database_url: str,
) -> None:
    moved = "SELECT count(*) FROM all_events WHERE key_id = 'before'"
    assert await asked(database_url, moved) == [(3,)]
    left = "SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE oid = 'batch'::regclass"
    assert await asked(database_url, left) == [(0,)]


async def test_spreading_again_spreads_nothing_and_a_plain_migration_keeps_it_so(
    database_url: str,
) -> None:
    assert json.loads(sink(database_url, "migrate", "--citus", "--json").out)["spread"] == []
    await asked(
        database_url, "CREATE OR REPLACE VIEW key_origin AS SELECT '' key_id, '' origin_key_id"
    )
    assert sink(database_url, "migrate").out == "nothing to apply\n"
    assert await asked(database_url, "SELECT count(*) FROM key_origin WHERE key_id = ''") == [(0,)]


async def test_a_sink_stores_each_batch_once_and_repeats_its_receipt(database_url: str) -> None:
    await asked(database_url, "TRUNCATE batch")
    await asked(database_url, "TRUNCATE event")
    keys = await enrolled_keys(database_url, 3)
    with sink_process(database_url, free_port()) as serving:
        senders = Senders(serving.url, keys)

        async def stop() -> None:
            await asyncio.to_thread(wait_for, lambda: len(senders.ledger.receipts) >= BATCHES)
            senders.stop()

        await asyncio.gather(senders.run(), stop())
        assert serving.errors == []
    ledger = senders.ledger
    assert len(ledger.receipts) == len(ledger.sent) > len(keys)
    assert ledger.answers[STORED] == len(ledger.receipts)
    assert ledger.answers[HELD] > 0
    await assert_the_database_holds(database_url, ledger)
    audited = sink(database_url, "audit", "verify", "--json")
    assert audited.code == 0, audited.out + audited.err


async def test_late_events_move_into_a_month_of_their_own_on_their_shards(
    database_url: str,
) -> None:
    month = date(EARLY.year, EARLY.month, 1)
    await store_batch(database_url, EARLY, events=4)
    in_default = "SELECT count(*) FROM event_default"
    assert (await asked(database_url, in_default))[0][0] >= 4
    async with connected_pool(database_url) as pool, pool.acquire() as connection:
        assert await make_partitions(connection, NOW.date()) == 1
    assert await asked(database_url, in_default) == [(0,)]
    name = f"event_{month:%Y_%m}"
    assert await asked(database_url, COUNT.format(name)) == [(4,)]
    local = f"SELECT pg_relation_size('{name}'::regclass)"
    assert await asked(database_url, local) == [(0,)]
    spread = f"{PLACES} WHERE table_name = '{name}'::regclass"
    assert [row[1:] for row in await asked(database_url, spread)] == [("distributed", "batch_id")]


async def test_retention_takes_what_is_aged_on_every_shard_and_nothing_else(
    database_url: str,
) -> None:
    await store_batch(database_url, NOW, key_id="young", events=2)
    for _ in range(20):  # over all shards, at the same places in them as the young ones
        await store_batch(database_url, EARLY, key_id="aged", events=2)
    rejection = (
        "INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256,"
        " coded_bytes) VALUES ($1, 'k', 'p', '[]', sha256($2::text::bytea), 1)"
    )
    for number in range(20):
        await asked(database_url, rejection, EARLY if number % 2 else NOW, str(number))
    before = NOW - timedelta(days=400)
    limits = Limits(*[before] * len(Limits._fields))
    async with operator_connection(database_url) as connection:
        planned = await plan(connection, limits)
        assert planned.rows["batch"] >= 20
        assert planned.rows["rejection"] == 10
        taken = await apply(connection, limits, "test", now=NOW)
    assert taken.rows["batch"] == planned.rows["batch"]
    assert taken.rows["rejection"] == 10
    assert taken.bodies == planned.bodies
    aged = "SELECT count(*) FROM batch WHERE received_at < $1"
    assert await asked(database_url, aged, before) == [(0,)]
    assert await asked(database_url, "SELECT count(*) FROM rejection") == [(10,)]
    young = "SELECT count(*) FROM all_events WHERE key_id = 'young'"
    assert await asked(database_url, young) == [(2,)]


async def test_every_view_can_be_read_and_small_groups_are_hidden(database_url: str) -> None:
    day = NOW - timedelta(days=1)
    for key in range(21):
        await store_batch(database_url, day, key_id=f"of many {key}")
    views = "SELECT viewname FROM pg_views WHERE schemaname = current_schema() ORDER BY 1"
    for (name,) in await asked(database_url, views):
        await asked(database_url, COUNT.format(name))
    shown = await asked(database_url, "SELECT day, events, keys FROM daily_events")
    assert shown == [(day.date(), 21, 21)]


@pytest.mark.parametrize("role", Role)
async def test_every_page_of_the_console_reads_its_figures(
    database_url: str, tmp_path: Path, role: Role
) -> None:
    config = Config(database_url=database_url, data_dir=tmp_path)
    async with opened_pages(config, role, NOW) as pages:
        for path in OF_ADMINISTRATORS if role is Role.ADMIN else OF_VIEWERS:
            answer = await pages.get(f"/console{path}")
            assert (path, answer.status_code) == (path, 200), answer.text
        assert "benchmark" in (await pages.get("/console/families?days=7")).text
        if role is Role.ADMIN:
            [(key_id,), *_] = await asked(database_url, "SELECT key_id FROM client_key")
            for page in ("", "/days.csv", "/revoke"):
                assert (await pages.get(f"/console/keys/{key_id}{page}")).status_code == 200


async def test_a_token_opens_the_console_of_a_cluster(database_url: str) -> None:
    made = sink(database_url, "console", "token", "add", "--name", "ada", "--role", "admin")
    assert made.code == 0, made.err
    with sink_process(database_url, free_port()) as serving:
        async with httpx.AsyncClient(base_url=serving.url) as client:
            ada = Person(client)
            assert (await ada.sign_in(made.out.split()[0])).status_code == 303
            assert (await ada.get("/console/keys")).status_code == 200
    listed = json.loads(sink(database_url, "console", "token", "list", "--json").out)
    token_id = listed["tokens"][0]["token_id"]
    assert sink(database_url, "console", "token", "revoke", token_id).code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("doctor",),
        ("keys", "list"),
        ("rejections", "list"),
        ("rejections", "counts"),
        ("anonymity", "show"),
        ("retention", "plan"),
        ("export", "--since", "2020-01-01"),
        ("audit", "verify"),
    ],
    ids=" ".join,
)
def test_a_command_of_an_operator_works(database_url: str, command: tuple[str, ...]) -> None:
    ran = sink(database_url, *command)
    assert "the database" not in ran.err, ran.err
    assert ran.code in (0, 1)  # 1: what doctor and audit say of made-up rows


async def test_tables_that_were_spread_in_another_way_are_refused(database_url: str) -> None:
    await asked(database_url, "CREATE TABLE kept AS SELECT * FROM rejection")
    await asked(database_url, "DROP TABLE rejection CASCADE")
    await asked(database_url, "CREATE TABLE rejection (key_id text, content_sha256 bytea)")
    await asked(database_url, "SELECT create_distributed_table('rejection', 'key_id')")
    with pytest.raises(
        MigrationError, match="rejection is distributed by key_id, expected content"
    ):
        await distribute(database_url, asked=True)


async def test_a_database_of_the_server_without_the_extension_is_told_what_to_do(
    database_url: str,
) -> None:
    server = database_url.partition("?")[0].rpartition("/")[0]
    with pytest.raises(MigrationError, match="let a superuser run CREATE EXTENSION citus"):
        await distribute(f"{server}/template1", asked=True)
    assert await distribute(f"{server}/template1", asked=False) == []
