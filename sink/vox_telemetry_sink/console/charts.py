"""Charts as SVG text: bars by day, stacked, with round ticks; pure.

Colours come by class from figures.css, so that they follow the reader's scheme; no style attribute
and no script is in a chart, as the console's Content-Security-Policy wants it. A chart never stands
alone: its page has the same numbers as a table.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from typing import Final, NamedTuple

from vox_telemetry_sink.console.words import compact, number


class Svg(str):
    """A finished drawing, every text in it escaped; templates take it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return itself: what the template engine asks of text that needs no escaping."""
        return str(self)


class Series(NamedTuple):
    """One colour of a chart: its class in figures.css, its name, a value for each day."""

    css_class: str
    name: str
    values: Sequence[int]
    hides: bool = False  # zero may be a group that k-anonymity hides

    def said(self, count: int) -> str:
        """Return a count in words."""
        return number(None if self.hides and count == 0 else count)


class Frame(NamedTuple):
    """How large a chart is drawn, in units of its viewBox, and how many labels it has room for."""

    css_class: str
    width: int
    height: int
    labels: int
    left: int = 46
    top: int = 10
    bottom: int = 24

    @property
    def plot_width(self) -> int:
        """How wide the bars together are."""
        return self.width - self.left - 4

    @property
    def plot_height(self) -> int:
        """How tall the tallest tick is."""
        return self.height - self.top - self.bottom

    @property
    def floor(self) -> int:
        """Where zero is."""
        return self.height - self.bottom


WIDE: Final = Frame("chart-wide", 1100, 290, 10)
NARROW: Final = Frame("chart-narrow", 340, 230, 4)
_TICKS: Final = 4
_STEPS: Final = (1, 2, 5, 10)
_GAP: Final = 0.25  # of a bar's place
_BAR_MAX_WIDTH: Final = 56.0
_SPARK_WIDTH, _SPARK_HEIGHT = 120, 24
_SPARK_BAR_MAX_WIDTH: Final = 12.0


def ticks(highest: int) -> list[int]:
    """Return round numbers from 0 to one that is not under `highest`, at most 5 of them."""
    if highest <= 0:
        return [0, 1]
    step = 1
    while step * _TICKS < highest:
        magnitude = 10 ** (len(str(step)) - 1)
        leading = step // magnitude
        step = next(each for each in _STEPS if each > leading) * magnitude
    return list(range(0, -(-highest // step) * step + 1, step))


def bars(title: str, days: Sequence[date], series: Sequence[Series], key: str) -> Svg:
    """Return a chart of stacked bars, once for a wide and once for a narrow window.

    Args:
        title: what is shown, in a few words; with the sum of each series it is the chart's name.
        days: one for each bar, without a gap; a day without anything has a place as well.
        series: from the floor up, each with as many values as there are days.
        key: makes the ids of this chart differ from others on the page.

    """
    return Svg(
        "".join(
            _drawn(title, days, series, f"{key}-{frame.css_class}", frame)
            for frame in (WIDE, NARROW)
        )
    )


def spark(title: str, values: Sequence[int], highest: int) -> Svg:
    """Return a small row of bars for a table's cell, to the scale of `highest`."""
    place = _SPARK_WIDTH / max(len(values), 1)
    width = min(place * (1 - _GAP), _SPARK_BAR_MAX_WIDTH)
    drawn = "".join(
        f'<rect x="{index * place + (place - width) / 2:.2f}" y="{_SPARK_HEIGHT - height:.2f}" '
        f'width="{width:.2f}" height="{height:.2f}"/>'
        for index, value in enumerate(values)
        if (height := _height(value, highest, _SPARK_HEIGHT)) > 0
    )
    return Svg(
        f'<svg class="spark" viewBox="0 0 {_SPARK_WIDTH} {_SPARK_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">{drawn}'
        f'<line class="axis" x1="0" x2="{_SPARK_WIDTH}" y1="{_SPARK_HEIGHT}" '
        f'y2="{_SPARK_HEIGHT}"/></svg>'
    )


def _drawn(
    title: str, days: Sequence[date], series: Sequence[Series], key: str, frame: Frame
) -> str:
    totals = [sum(values) for values in zip(*(each.values for each in series), strict=True)]
    scale = ticks(max(totals, default=0))
    said = "; ".join(f"{each.name} {each.said(sum(each.values))}" for each in series)
    when = f"{days[0]} to {days[-1]}" if days else "no day"
    return (
        f'<svg class="chart {frame.css_class}" viewBox="0 0 {frame.width} {frame.height}" '
        f'role="img" aria-labelledby="{key}-title {key}-desc">'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(f"{when}, UTC. {said}.")}</desc>'
        f"{_pattern(key)}{''.join(_grid(scale, frame))}"
        f"{''.join(_columns(days, series, scale[-1], key, frame))}"
        f"{''.join(_labels(days, frame))}</svg>"
    )


def _pattern(key: str) -> str:
    """Return hatching, laid over the second and third series, since colour alone tells too few."""
    return (
        f'<defs><pattern id="{key}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><line class="hatch" x1="0" x2="0" y1="0" y2="5"/></pattern>'
        f'<pattern id="{key}-dots" width="4" height="4" patternUnits="userSpaceOnUse">'
        '<circle class="dot" cx="2" cy="2" r="1"/></pattern></defs>'
    )


def _grid(scale: Sequence[int], frame: Frame) -> Iterator[str]:
    for tick in scale:
        y = frame.floor - _height(tick, scale[-1], frame.plot_height)
        css_class = "axis" if tick == 0 else "grid"
        yield (
            f'<line class="{css_class}" x1="{frame.left}" x2="{frame.width - 4}" '
            f'y1="{y:.2f}" y2="{y:.2f}"/>'
            f'<text class="tick" x="{frame.left - 6}" y="{y + 4:.2f}" text-anchor="end">'
            f"{compact(tick)}</text>"
        )


def _columns(
    days: Sequence[date], series: Sequence[Series], highest: int, key: str, frame: Frame
) -> Iterator[str]:
    place = frame.plot_width / max(len(days), 1)
    width = min(place * (1 - _GAP), _BAR_MAX_WIDTH)
    for index, day in enumerate(days):
        x = frame.left + index * place + (place - width) / 2
        told = ", ".join(f"{each.name} {each.said(each.values[index])}" for each in series)
        yield f'<g class="column"><title>{day}: {escape(told)}</title>'
        # Seen by the pointer only, so that a day with little or nothing tells its numbers, too.
        yield (
            f'<rect class="reach" x="{frame.left + index * place:.2f}" y="{frame.top}" '
            f'width="{place:.2f}" height="{frame.plot_height}"/>'
        )
        yield from _stack(index, series, (x, width, highest), key, frame)
        yield "</g>"


def _stack(
    index: int,
    series: Sequence[Series],
    placed: tuple[float, float, int],
    key: str,
    frame: Frame,
) -> Iterator[str]:
    x, width, highest = placed
    y = float(frame.floor)
    overlays = (None, f"url(#{key}-hatch)", f"url(#{key}-dots)")
    for number_of, each in enumerate(series):
        height = _height(each.values[index], highest, frame.plot_height)
        if height <= 0:
            continue
        y -= height
        box = f'x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"'
        yield f'<rect class="{each.css_class}" {box}/>'
        overlay = overlays[number_of % len(overlays)]
        if overlay is not None:
            yield f'<rect fill="{overlay}" {box}/>'


def _labels(days: Sequence[date], frame: Frame) -> Iterator[str]:
    place = frame.plot_width / max(len(days), 1)
    every = -(-len(days) // frame.labels) or 1
    for index in range(len(days) - 1, -1, -every):  # from today backwards, so that it has a label
        x = frame.left + (index + 0.5) * place
        yield (
            f'<text class="tick" x="{min(x, frame.width - 22):.2f}" y="{frame.height - 6}" '
            f'text-anchor="middle">{days[index].day} {days[index]:%b}</text>'
        )


def _height(value: int, highest: int, full: int) -> float:
    return full * value / highest if highest > 0 else 0.0
