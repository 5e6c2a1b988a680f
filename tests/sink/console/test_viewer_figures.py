"""What a viewer sees on both sides of k = 20 keys."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from support.console_pages import (
    NOW,
    TODAY,
    Fresh,
    store_day_of,
    store_refusal,
    store_repetitions,
    store_upload,
)
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.rows import DayEvents, FamilySum, HiddenProblem, HiddenRule
from vox_telemetry_sink.console.viewer_figures import KAnonymousFigures
from vox_telemetry_sink.console.windows import Window
from vox_telemetry_sink.database import connected_pool

TWO_DAYS = Window.of(NOW, 2)
YESTERDAY = NOW - timedelta(days=1)


@pytest.fixture
async def figures(database_url: str) -> AsyncIterator[Fresh]:
    async with connected_pool(database_url) as pool:
        yield Fresh(Reads(pool).for_viewer)


async def test_a_day_of_19_keys_is_hidden_and_one_of_20_is_shown(
    database_url: str, figures: Fresh
) -> None:
    await store_day_of(database_url, 20, NOW)
    await store_day_of(database_url, 19, YESTERDAY)
    assert await figures.k_keys() == 20
    assert await figures.days(TWO_DAYS) == [
        DayEvents(date(2026, 11, 19), 0, 0, 0),
        DayEvents(TODAY, 60, 100, 40),
    ]
    assert await figures.families(TWO_DAYS) == [FamilySum("benchmark", 60, [0, 60])]
    assert await figures.families(TWO_DAYS, "error") == []
    assert await figures.problems(TWO_DAYS) == [HiddenProblem("contract-refused", 20, 40, 1)]
    assert await figures.rules(TWO_DAYS) == [
        HiddenRule("contract-refused", "r.one", 20, TODAY, TODAY)
    ]
    assert await figures.rules(TWO_DAYS, rule="r.two") == []


async def test_nothing_of_one_key_is_shown(database_url: str, figures: Fresh) -> None:
    await store_upload(database_url, "only", NOW)
    await store_refusal(database_url, "only", NOW, ("r.one", "/x"))
    await store_repetitions(database_url, "only", TODAY, 1, 5)
    days = await figures.days(TWO_DAYS)
    assert [day[1:] for day in days] == [(0, 0, 0)] * 2
    assert await figures.families(TWO_DAYS) == []
    assert await figures.problems(TWO_DAYS) == []
    assert await figures.rules(TWO_DAYS) == []


async def test_a_total_less_what_is_shown_is_not_what_is_hidden(
    database_url: str, figures: Fresh
) -> None:
    await store_day_of(database_url, 20, NOW)
    await store_upload(database_url, "only", NOW, {"error": 7})
    await store_upload(database_url, "key-0", NOW, {"benchmark": 1, "error": 2})
    await store_refusal(database_url, "only", NOW, ("r.two", "/x"), problem="malformed-batch")
    [_, today] = await figures.days(TWO_DAYS)
    assert today == DayEvents(TODAY, 61, 100, 40)
    assert await figures.families(TWO_DAYS) == [FamilySum("benchmark", 61, [0, 61])]
    assert await figures.problems(TWO_DAYS) == [HiddenProblem("contract-refused", 20, 40, 1)]


async def test_a_refused_batch_whose_events_were_never_counted_counts_as_a_batch(
    database_url: str, figures: Fresh
) -> None:
    for number in range(20):
        await store_refusal(database_url, f"key-{number}", NOW, problem="p", events=None)
    assert (await figures.days(TWO_DAYS))[1] == DayEvents(TODAY, 0, 0, 0)
    assert await figures.problems(TWO_DAYS) == [HiddenProblem("p", 20, None, 1)]


def test_nothing_of_a_viewer_takes_or_gives_a_key() -> None:
    names = {name for name in dir(KAnonymousFigures) if not name.startswith("_")}
    assert names == {"k_keys", "days", "families", "problems", "rules"}
