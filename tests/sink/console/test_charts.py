import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest

from vox_telemetry_sink.console.charts import Series, bars, spark, ticks

SVG = "{http://www.w3.org/2000/svg}"
DAYS = [date(2026, 2, 27) + timedelta(days=offset) for offset in range(4)]


def drawn(*series: Series, days: list[date] | None = None) -> list[ET.Element]:
    """Parse both drawings of a chart."""
    text = bars("Events by day", DAYS if days is None else days, series, "test")
    root = ET.fromstring(f'<div xmlns="http://www.w3.org/2000/svg">{text}</div>')  # noqa: S314 -- ours
    return list(root)


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (37, [0, 10, 20, 30, 40]),
        (1986, [0, 500, 1000, 1500, 2000]),
        (8001, [0, 5000, 10000]),
        (10**15, [0, 5 * 10**14, 10**15]),
    ],
)
def test_ticks_are_round_and_reach_the_highest(highest: int, expected: list[int]) -> None:
    assert ticks(highest) == expected


def test_ticks_are_always_round_few_and_enough() -> None:
    for highest in (*range(1, 2000), 10**9 + 1, 123_456_789_012):
        made = ticks(highest)
        step = made[1]
        assert len(made) <= 5
        assert made[-1] >= highest > made[-1] - step
        assert str(step).strip("0") in ("1", "2", "5")


def test_bars_stack_to_scale_and_each_day_tells_its_numbers() -> None:
    wide, _ = drawn(
        Series("series-accepted", "accepted", [10, 0, 5, 20]),
        Series("series-rejected", "rejected", [10, 0, 0, 0]),
    )
    titles = [node.text for node in wide.iter(f"{SVG}title")]
    assert titles == [
        "Events by day",
        "2026-02-27: accepted 10, rejected 10",
        "2026-02-28: accepted 0, rejected 0",
        "2026-03-01: accepted 5, rejected 0",
        "2026-03-02: accepted 20, rejected 0",
    ]
    rects = list(wide.iter(f"{SVG}rect"))
    accepted = [float(r.get("height")) for r in rects if r.get("class") == "series-accepted"]
    assert accepted == pytest.approx([128, 64, 256])  # of 256 units for 20
    [rejected] = [r for r in rects if r.get("class") == "series-rejected"]
    assert float(rejected.get("y")) == pytest.approx(10)  # on top of its day's accepted ones


def test_what_may_be_hidden_is_not_told_as_none() -> None:
    for chart in drawn(Series("series-accepted", "accepted", [10, 0, 0, 0], hides=True)):
        told = [node.text for node in chart.iter(f"{SVG}title")]
        assert told[1:3] == ["2026-02-27: accepted 10", "2026-02-28: accepted —"]
    for chart in drawn(Series("series-accepted", "accepted", [0] * 4, hides=True)):
        [said] = [node.text for node in chart.iter(f"{SVG}desc")]
        assert said == "2026-02-27 to 2026-03-02, UTC. accepted —."


def test_the_last_days_label_stays_inside_of_the_drawing() -> None:
    days = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(90)]
    for chart in drawn(Series("series-accepted", "accepted", [1] * 90), days=days):
        width = float(chart.get("viewBox").split()[2])
        labels = [node for node in chart.iter(f"{SVG}text") if node.get("text-anchor") == "middle"]
        assert labels[0].text == "31 Mar"
        assert float(labels[0].get("x")) == width - 22  # half of the widest, as "30 Sep"


def test_the_chart_is_an_image_with_a_name_and_a_description() -> None:
    for chart in drawn(Series("series-accepted", "accepted", [1, 2, 3, 4000])):
        assert chart.get("role") == "img"
        named = {node.get("id"): node.text for node in chart if node.get("id")}
        assert [named[each] for each in chart.get("aria-labelledby").split()] == [
            "Events by day",
            "2026-02-27 to 2026-03-02, UTC. accepted 4\u202f006.",
        ]
        assert not [
            node for node in chart.iter() if node.get("style") or node.tag.endswith("script")
        ]


def test_a_narrow_window_gets_a_drawing_with_fewer_labels() -> None:
    days = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(90)]
    wide, narrow = drawn(Series("s", "events", [1] * 90), days=days)
    labels = [
        [t.text for t in chart.iter(f"{SVG}text") if t.get("text-anchor") == "middle"]
        for chart in (wide, narrow)
    ]
    assert [len(each) for each in labels] == [10, 4]
    assert {each[0] for each in labels} == {"31 Mar"}  # the last day always has one
    assert (wide.get("class"), narrow.get("class")) == ("chart chart-wide", "chart chart-narrow")


@pytest.mark.parametrize("values", [[0, 0, 0, 0], [10**18] * 4, [1, 0, 0, 0]])
def test_all_zero_huge_and_lonely_values_are_drawn_inside_the_frame(values: list[int]) -> None:
    for chart in drawn(Series("series-accepted", "a", values), Series("x", "b", [0] * 4)):
        _, _, width, height = map(float, chart.get("viewBox").split())
        for rect in chart.iter(f"{SVG}rect"):
            x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
            assert x >= 0
            assert y >= 0
            assert x + w <= width
            assert y + h <= height
        assert len([n for n in chart.iter(f"{SVG}g") if n.get("class") == "column"]) == 4


def test_a_single_day_is_a_bar_and_no_wall() -> None:
    wide, _ = drawn(Series("series-accepted", "accepted", [7]), days=DAYS[:1])
    [bar] = [r for r in wide.iter(f"{SVG}rect") if r.get("class") == "series-accepted"]
    assert float(bar.get("width")) == 56


def test_colour_is_not_alone() -> None:
    wide, _ = drawn(Series("a", "a", [1] * 4), Series("b", "b", [1] * 4), Series("c", "c", [1] * 4))
    fills = {rect.get("fill") for rect in wide.iter(f"{SVG}rect")} - {None}
    patterns = {f"url(#{node.get('id')})" for node in wide.iter(f"{SVG}pattern")}
    assert len(fills) == 2
    assert fills <= patterns


def test_names_are_escaped() -> None:
    text = bars("<b>", DAYS, [Series("s", '<script>"&', [1, 1, 1, 1])], "test")
    assert "<script>" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;&quot;&amp;" in text
    assert "<script" not in spark('"><script', [1], 1)


def test_a_spark_is_to_the_scale_of_the_largest() -> None:
    svg = ET.fromstring(spark("benchmark by day", [2, 0, 4], 8))  # noqa: S314 -- ours
    assert [float(rect.get("height")) for rect in svg.iter("rect")] == [6, 12]
    [lonely] = ET.fromstring(spark("one day", [5], 5)).iter("rect")  # noqa: S314 -- ours
    assert (float(lonely.get("x")), float(lonely.get("width"))) == (54, 12)  # in the middle of 120
    assert ET.fromstring(spark("none", [], 0)).get("role") == "img"  # noqa: S314 -- ours
