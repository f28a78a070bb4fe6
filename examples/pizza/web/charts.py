"""The pizzeria's charts as SVG, in two widths, for light and dark mode.

A chart is drawn once for the same rows. The rows are the key of the cache, so a cached chart is never
outdated.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, Literal

import altair as alt
import vl_convert

Scheme = Literal["light", "dark"]
Size = Literal["wide", "narrow"]
SIZES = {"wide": (960, 300), "narrow": (390, 300)}
COLOURS = {  # background, text, lines, doughs, reservations, actual values
    "light": ("#fffdf8", "#3a2a20", "#e6d9c3", "#b3301f", "#2f6f45", "#8a5a00"),
    "dark": ("#2a1f1a", "#f3e6d4", "#54443a", "#ff8f74", "#86cf9c", "#f2c063"),
}
KEPT = 128  # number of cached charts
MOST_DAILY = 120  # days; longer ranges are shown by week

Rows = tuple[tuple[Any, ...], ...]


@lru_cache(maxsize=KEPT)
def draw(name: str, rows: Rows, scheme: Scheme, size: Size) -> str:
    """Return a chart as SVG.

    Parameters
    ----------
    name : str
        One of the names in `CHARTS`.
    rows : tuple of tuples
        The rows that the function of this chart expects.
    """
    paper, ink, lines, *colours = COLOURS[scheme]
    width, height = SIZES[size]
    chart = CHARTS[name](rows, (*colours, paper, ink), size == "narrow")
    chart = chart.properties(width=width, height=height, background=paper, padding=12).properties(
        autosize=alt.AutoSizeParams(type="fit", contains="padding")
    )
    words = {"labelColor": ink, "titleColor": ink, "labelFontSize": 12, "titleFontSize": 12}
    chart = chart.configure(font="sans-serif").configure_view(stroke=None)
    chart = chart.configure_axis(
        gridColor=lines, domainColor=lines, tickColor=lines, titleFontWeight=500, **words
    )
    chart = chart.configure_legend(orient="top", title=None, symbolStrokeWidth=3, **words)
    return vl_convert.vegalite_to_svg(chart.to_dict())


def coming(rows: Rows, colours: tuple[str, ...], is_narrow: bool) -> alt.TopLevelMixin:
    """Draw future evenings: (day in words, reservations, doughs, low, high)."""
    names = ("day", "reservations", "doughs", "low", "high")
    data = alt.Data(values=[dict(zip(names, row, strict=True)) for row in rows])
    x = alt.X("day:N", sort=None, title=None, axis=alt.Axis(labelAngle=-90 if is_narrow else -45))
    colour = alt.Scale(domain=["doughs to prepare", "reservations"], range=list(colours[:2]))
    base = alt.Chart(data).encode(x=x)

    def bars(name: str, legend: str, width: float) -> alt.Chart:
        chart = base.transform_calculate(what=f"'{legend}'").mark_bar(width=alt.RelativeBandSize(width))
        y = alt.Y(f"{name}:Q", title=None)
        return chart.encode(y=y, color=alt.Color("what:N", scale=colour))

    def whiskers(width: float, colour: str) -> alt.Chart:
        return base.mark_rule(strokeWidth=width, color=colour).encode(y="low:Q", y2="high:Q")

    return alt.layer(
        bars("doughs", "doughs to prepare", 0.75),
        bars("reservations", "reservations", 0.35),
        whiskers(6, colours[3]),  # the background colour, which is visible on every bar
        whiskers(2.5, colours[4]),
    )


def evenings(rows: Rows, colours: tuple[str, ...], is_narrow: bool) -> alt.TopLevelMixin:
    """Draw reservations and doughs by day: (day, reservations, doughs)."""
    values = [
        {"day": day, "part": part, "what": what, "n": n}
        for part, (day, *counts) in zip(parts(rows), rows, strict=True)
        for what, n in zip(("doughs", "reservations"), reversed(counts), strict=True)
    ]
    colour = alt.Scale(domain=["doughs", "reservations"], range=list(colours[:2]))
    return (
        alt.Chart(alt.Data(values=values))
        .mark_line(point={"size": 18}, strokeWidth=1.8)
        .encode(x=by_day(is_narrow), y=alt.Y("n:Q", title=None), color=alt.Color("what:N", scale=colour))
        .encode(detail="part:N")
    )


def forecasts(rows: Rows, colours: tuple[str, ...], is_narrow: bool) -> alt.TopLevelMixin:
    """Draw forecasts and used doughs: (day, forecast, doughs)."""
    names = ("part", "day", "forecast", "used")
    values = [
        dict(zip(names, (part, *row), strict=True)) for part, row in zip(parts(rows), rows, strict=True)
    ]
    data = alt.Data(values=values)
    colour = alt.Scale(domain=["forecast", "used"], range=[colours[2], colours[0]])
    base = alt.Chart(data).encode(x=by_day(is_narrow))

    def of(name: str, chart: alt.Chart) -> alt.Chart:
        chart = chart.transform_calculate(what=f"'{name}'")
        return chart.encode(y=alt.Y(f"{name}:Q", title=None), color=alt.Color("what:N", scale=colour))

    return alt.layer(
        of("forecast", base.mark_line(strokeWidth=2, point={"size": 8}).encode(detail="part:N")),
        of("used", base.mark_point(filled=True, size=36, opacity=1)),
    )


def weekdays(rows: Rows, colours: tuple[str, ...], is_narrow: bool) -> alt.TopLevelMixin:
    """Draw the mean absolute error by weekday: (weekday, error)."""
    data = alt.Data(
        values=[{"weekday": day[:3] if is_narrow else day, "error": error} for day, error in rows]
    )
    return (
        alt.Chart(data)
        .mark_bar(color=colours[2], width=alt.RelativeBandSize(0.6))
        .encode(
            x=alt.X("weekday:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("error:Q", title="doughs off, on average"),
        )
    )


def parts(rows: Rows) -> list[int]:
    """Return the part of the line that each row belongs to. Gaps of more than a week divide the line."""
    days = [date.fromisoformat(row[0]) for row in rows]
    breaks = [0, *(int((after - day).days > 7) for day, after in pairwise(days))]
    return list(accumulate(breaks[: len(days)]))


def by_week(rows: Iterable[tuple[Any, ...]]) -> Rows:
    """Return the means per week, at its Monday: (day, first number, second number)."""
    weeks: dict[date, list[tuple[Any, ...]]] = {}
    for day, *numbers in rows:
        one = date.fromisoformat(day)
        weeks.setdefault(one - timedelta(one.weekday()), []).append(tuple(numbers))
    return tuple(
        (str(monday), *(round(sum(column) / len(column), 1) for column in zip(*of_week, strict=True)))
        for monday, of_week in weeks.items()
    )


def by_day(is_narrow: bool) -> alt.X:
    """Return the axis of days, in UTC, so that a time zone cannot shift a date."""
    axis = alt.Axis(format="%-d %b", tickCount=5 if is_narrow else 10, labelOverlap=True)
    return alt.X("utcyearmonthdate(day):T", title=None, axis=axis, scale=alt.Scale(type="utc"))


CHARTS: dict[str, Callable[[Rows, tuple[str, ...], bool], alt.TopLevelMixin]] = {
    "coming": coming,
    "evenings": evenings,
    "forecasts": forecasts,
    "weekdays": weekdays,
}
