"""Figures of a database whose rows are written by hand, with numbers added up by hand."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from support.console_pages import (
    NOW,
    TODAY,
    Fresh,
    store_key,
    store_refusal,
    store_repetitions,
    store_upload,
)
from support.stored import run, store_batch
from vox_telemetry_sink.console.admin_figures import Administrator
from vox_telemetry_sink.console.filters import RejectionsFilter
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.rows import Count, DayCount, FamilySum, ProblemSum
from vox_telemetry_sink.console.visitor import Role, Visitor
from vox_telemetry_sink.console.windows import Window
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.errors import ConsoleRefusalError
from vox_telemetry_sink.retention import limits_of
from vox_telemetry_spec.retention import load_policy

TWO_DAYS = Window.of(NOW, 2)
ZERO = Count(0, 0)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
BEFORE = MIDNIGHT - timedelta(microseconds=1)


@pytest.fixture
async def figures(database_url: str) -> AsyncIterator[Fresh]:
    who = Administrator(Visitor("ada", Role.ADMIN, ""))
    async with connected_pool(database_url) as pool:
        yield Fresh(lambda: Reads(pool).for_admin(who))


def test_nobody_but_an_administrator_is_one() -> None:
    with pytest.raises(ConsoleRefusalError, match="for administrators") as info:
        Administrator(Visitor("vic", Role.VIEWER, ""))
    assert info.value.status == 403


async def test_a_day_begins_at_midnight_utc_for_each_outcome(
    database_url: str, figures: Fresh
) -> None:
    for moment, events in ((BEFORE, 3), (MIDNIGHT, 5)):
        await store_upload(database_url, "k", moment, {"benchmark": events})
        await store_refusal(database_url, "k", moment, events=events * 10)
        await store_repetitions(database_url, "k", moment.date(), 2, events * 100)
    first = MIDNIGHT - timedelta(days=1)
    await store_upload(database_url, "k", first, {"benchmark": 4})
    await store_upload(database_url, "k", first - timedelta(microseconds=1))
    await store_refusal(database_url, "k", first, events=40)
    await store_refusal(database_url, "k", first - timedelta(microseconds=1))
    assert await figures.days(TWO_DAYS) == [
        DayCount(date(2026, 11, 19), Count(2, 7), Count(2, 300), Count(2, 70)),
        DayCount(TODAY, Count(1, 5), Count(2, 500), Count(1, 50)),
    ]


async def test_an_empty_database_has_days_of_zero_and_nothing_else(figures: Fresh) -> None:
    assert await figures.days(TWO_DAYS) == [
        DayCount(date(2026, 11, 19), ZERO, ZERO, ZERO),
        DayCount(TODAY, ZERO, ZERO, ZERO),
    ]
    assert await figures.families(TWO_DAYS) == []
    assert await figures.keys(NOW) == []
    assert await figures.rejections(TWO_DAYS, RejectionsFilter(), 9) == []
    assert await figures.problems(TWO_DAYS, RejectionsFilter()) == []
    assert await figures.places(TWO_DAYS, RejectionsFilter()) == []
    assert await figures.refused_words(TWO_DAYS) == ([], [])


async def test_one_keys_figures_are_its_own(database_url: str, figures: Fresh) -> None:
    await store_upload(database_url, "mine", NOW, {"benchmark": 2, "error": 1})
    await store_upload(database_url, "other", NOW, {"benchmark": 40})
    await store_repetitions(database_url, "other", TODAY, 1, 1)
    await store_refusal(database_url, "other", NOW)
    [_, today] = await figures.days(TWO_DAYS, "mine")
    assert today == DayCount(TODAY, Count(1, 3), ZERO, ZERO)
    families = await figures.families(TWO_DAYS, None, "mine")
    assert families == [FamilySum("benchmark", 2, [0, 2]), FamilySum("error", 1, [0, 1])]
    assert await figures.families(TWO_DAYS, "error") == [FamilySum("error", 1, [0, 1])]


async def test_what_an_earlier_version_stored_is_counted_from_its_events(
    database_url: str, figures: Fresh
) -> None:
    await store_batch(database_url, NOW, family="model_call", events=4)
    await store_upload(database_url, "k", NOW, {"model_call": 2})
    assert await figures.families(TWO_DAYS) == [FamilySum("model_call", 6, [0, 6])]


async def test_keys_have_their_state_and_what_they_sent_lately(
    database_url: str, figures: Fresh
) -> None:
    ended = NOW - timedelta(days=1)
    await store_key(database_url, "a", "active")
    await store_key(database_url, "b", "ended", not_after=ended)
    await store_key(database_url, "c", "new", approved_at=None)
    for days, version in ((0, "2.0"), (29, "1.9"), (31, "1.8"), (91, "1.0")):
        when = NOW - timedelta(days=days)
        await store_upload(database_url, "a", when, {"benchmark": 10}, version)
    await store_upload(database_url, "b", NOW - timedelta(days=40))
    await store_refusal(database_url, "a", NOW)
    await store_refusal(database_url, "a", NOW - timedelta(days=31))
    await store_refusal(database_url, "b", NOW - timedelta(days=39))
    await store_refusal(database_url, "c", NOW - timedelta(days=91))
    found = [each._replace(key=each.key.name) for each in await figures.keys(NOW)]
    assert [tuple(each) for each in found] == [
        ("new", "waiting", None, [], 0, 0, 0),
        ("active", "good", NOW, ["2.0", "1.9", "1.8"], 2, 20, 1),
        ("ended", "expired", NOW - timedelta(days=39), ["1.0"], 0, 0, 0),
    ]
    assert [each.key.key_id for each in await figures.keys(NOW, "b")] == ["b"]


async def test_of_a_key_that_names_a_new_version_in_each_batch_the_last_fifty_are_read(
    database_url: str, figures: Fresh
) -> None:
    await store_key(database_url, "a", "active")
    await store_upload(database_url, "a", NOW)
    await run(
        database_url,
        "INSERT INTO batch SELECT (jsonb_populate_record(batch, jsonb_build_object('batch_id',"
        " gen_random_uuid(), 'producer_version', '1.' || n))).*"
        " FROM batch, generate_series(100, 300) n",
    )
    [active] = await figures.keys(NOW)
    assert (active.batches, len(active.versions)) == (202, 50)
    assert (active.versions[0], active.versions[-1]) == ("1.300", "1.251")


async def test_rejections_are_counted_by_problem_rule_and_place(
    database_url: str, figures: Fresh
) -> None:
    later = NOW - timedelta(hours=1)
    await store_refusal(database_url, "a", NOW, ("r.one", "/x/0"), ("r.one", "/x/0"), ("r.two", ""))
    await store_refusal(database_url, "b", later, ("r.one", "/x/0"), events=None)
    await store_refusal(database_url, "b", later, problem="batch-id-reused", events=4)
    everything = RejectionsFilter()
    assert await figures.problems(TWO_DAYS, everything) == [
        ProblemSum("contract-refused", 2, 10, 2),
        ProblemSum("batch-id-reused", 1, 4, 1),
    ]
    assert [tuple(each) for each in await figures.places(TWO_DAYS, everything)] == [
        ("contract-refused", "r.one", "/x/0", 3, 2, 2, later, NOW),
        ("contract-refused", "r.two", "", 1, 1, 1, NOW, NOW),
    ]
    newest = await figures.rejections(TWO_DAYS, everything, 2)
    assert [(each.rejected_at, each.key_id) for each in newest] == [(NOW, "a"), (later, "b")]
    await store_key(database_url, "b", "a name")
    assert await figures.refused_keys(TWO_DAYS) == [("a", "a"), ("a name", "b")]
    assert await figures.refused_words(TWO_DAYS) == (
        ["batch-id-reused", "contract-refused"],
        ["r.one", "r.two"],
    )


@pytest.mark.parametrize(
    ("chosen", "batches", "places"),
    [
        (RejectionsFilter(problem="batch-id-reused"), 1, 0),
        (RejectionsFilter(rule="r.two"), 1, 1),
        (RejectionsFilter(key="b"), 2, 1),
        (RejectionsFilter(key="b", rule="r.one"), 1, 1),
        (RejectionsFilter(rule="r.thr%"), 0, 0),
    ],
)
async def test_a_filter_narrows_all_of_the_page(
    database_url: str, figures: Fresh, chosen: RejectionsFilter, batches: int, places: int
) -> None:
    await store_refusal(database_url, "a", NOW, ("r.one", "/x"), ("r.two", "/y"))
    await store_refusal(database_url, "b", NOW, ("r.one", "/x"))
    await store_refusal(database_url, "b", NOW, problem="batch-id-reused")
    assert sum(each.batches for each in await figures.problems(TWO_DAYS, chosen)) == batches
    assert len(await figures.rejections(TWO_DAYS, chosen, 9)) == batches
    assert len(await figures.places(TWO_DAYS, chosen)) == places


async def test_storage_names_partitions_tables_and_migrations(
    database_url: str, figures: Fresh
) -> None:
    await run(database_url, "SELECT ensure_event_partitions('2001-02-03', 1)")
    partitions = await figures.partitions()
    assert (partitions[0].name, partitions[0].month) == ("event_2001_02", date(2001, 2, 1))
    assert [each.name for each in partitions if each.is_default] == ["event_default"]
    assert partitions[-1].month is None
    tables = {each.name for each in await figures.tables()}
    assert {"batch", "rejection", "duplicate_tally", "client_key"} <= tables
    assert not any(name.startswith("event") for name in tables)
    assert await figures.database_bytes() > 1_000_000
    assert (await figures.migrations())[4][0] == "0005_console_figures"
    assert not await figures.is_on_citus()


async def test_the_default_partition_and_what_retention_takes_are_told(
    database_url: str, figures: Fresh
) -> None:
    assert not await figures.default_holds_events()
    await store_batch(database_url, datetime(2001, 2, 3, tzinfo=UTC), events=3)
    await store_repetitions(database_url, "k", date(2001, 2, 3), 1, 1)
    assert await figures.default_holds_events()
    taken = await figures.retention(limits_of(load_policy(), NOW))
    assert (taken.bodies, taken.body_bytes) == (1, 4)
    assert taken.rows["event_default"] == 3
    assert taken.rows["duplicate_tally"] == 1
