"""Plots as SVG, drawn for a width of 400 so that their words can be read on a phone.

Colours are classes of the page's style sheet (`of-ours` and so on), which knows light and dark.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from markupsafe import Markup, escape

_WIDTH = 400
_LABEL = 156
_RIGHT = 50
_ROW = 24
_FOOT = 34


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, value, half width of its interval, text behind it, and colour class."""

    label: str
    value: float
    half_width: float | None
    text: str
    colour: str


def bars(rows: Sequence[Bar], unit: str, description: str) -> Markup:
    """Horizontal bars from zero, each with its interval and its value in words."""
    longest = max((row.value + (row.half_width or 0.0) for row in rows), default=1.0) or 1.0
    ticks = _ticks(longest)
    scale = (_WIDTH - _LABEL - _RIGHT) / max(longest, ticks[-1])
    bottom = len(rows) * _ROW + 4
    parts = list(_down_axis(ticks, scale, _LABEL, bottom, unit))
    for number, row in enumerate(rows):
        top = number * _ROW + 4
        end = _LABEL + row.value * scale
        parts.append(_text(_LABEL - 6, top + 13, row.label, "end"))
        parts.append(
            f'<rect class="{row.colour}" x="{_LABEL}" y="{top}" height="16" '
            f'width="{max(row.value * scale, 0.5):.1f}" rx="2"/>'
        )
        if row.half_width:
            left, right = end - row.half_width * scale, end + row.half_width * scale
            parts.append(
                f'<path class="interval" d="M{max(left, _LABEL):.1f} {top + 8}H{right:.1f}"/>'
            )
            end = right
        parts.append(_text(end + 5, top + 13, row.text, "start", "value"))
    return _svg(bottom + _FOOT, parts, description)


def curves(
    series: Mapping[str, Sequence[float]], at: Sequence[float], unit: str, description: str
) -> Markup:
    """Shares from 0 to 100 % over time; the keys are colour classes."""
    left, top, height, right = 40, 8, 190, 10
    scale_x = (_WIDTH - left - right) / at[-1]
    bottom = top + height
    parts = []
    for percent in range(0, 101, 25):
        y = bottom - height * percent / 100
        parts.append(f'<path class="grid" d="M{left} {y:.1f}H{_WIDTH - right}"/>')
        parts.append(_text(left - 5, y + 4, f"{percent} %", "end", "tick"))
    step = 120
    for minutes in range(0, int(at[-1]) + 1, step):
        x = left + minutes * scale_x
        parts.append(_text(x, bottom + 15, str(minutes), "middle", "tick"))
    parts.append(_text((left + _WIDTH - right) / 2, bottom + 30, unit, "middle", "tick"))
    for colour, shares in series.items():
        points = " ".join(
            f"{left + minutes * scale_x:.1f},{bottom - share * height:.1f}"
            for minutes, share in zip(at, shares, strict=True)
        )
        parts.append(f'<polyline class="{colour}" points="{points}"/>')
    return _svg(bottom + _FOOT, parts, description)


@dataclass(frozen=True, slots=True)
class DotRow:
    """One line of a dot plot: its name, and values by colour class."""

    label: str
    values: Mapping[str, float]


def dots(rows: Sequence[DotRow], unit: str, description: str) -> Markup:
    """One line for each row, with a dot for each of its values."""
    left, step = 126, 16
    longest = max((value for row in rows for value in row.values.values()), default=1.0) or 1.0
    ticks = _ticks(longest)
    scale = (_WIDTH - left - 14) / max(longest, ticks[-1])
    bottom = len(rows) * step + 6
    parts = list(_down_axis(ticks, scale, left, bottom, unit))
    for number, row in enumerate(rows):
        y = number * step + 10
        parts.append(_text(left - 6, y + 4, row.label, "end", "small"))
        ends = sorted(left + value * scale for value in row.values.values())
        parts.extend(
            f'<path class="grid" d="M{one:.1f} {y}H{other:.1f}"/>' for one, other in pairwise(ends)
        )
        parts.extend(
            f'<circle class="{colour}" cx="{left + value * scale:.1f}" cy="{y}" r="4"/>'
            for colour, value in row.values.items()
        )
    return _svg(bottom + _FOOT, parts, description)


def lines(series: Mapping[str, Sequence[tuple[float, float]]], units: tuple[str, str]) -> Markup:
    """Values over a setting: the keys are colour classes, the points in order; the units name what
    goes across and what goes up.
    """
    left, top, height, right = 40, 8, 190, 14
    points = [point for each in series.values() for point in each]
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    ticks = _ticks(max(y for _, y in points))
    scale_x = (_WIDTH - left - right) / ((last - first) or 1.0)
    scale_y = height / max(ticks[-1], max(y for _, y in points))
    bottom = top + height
    parts = []
    for tick in ticks:
        y = bottom - tick * scale_y
        parts.append(f'<path class="grid" d="M{left} {y:.1f}H{_WIDTH - right}"/>')
        parts.append(_text(left - 5, y + 4, f"{tick:g}", "end", "tick"))
    for across in sorted({x for x, _ in points}):
        x = left + (across - first) * scale_x
        parts.append(_text(x, bottom + 15, f"{across:g}", "middle", "tick"))
    parts.append(_text((left + _WIDTH) / 2, bottom + 30, units[0], "middle", "tick"))
    for colour, drawn in series.items():
        at = [(left + (x - first) * scale_x, bottom - y * scale_y) for x, y in drawn]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline class="{colour}" points="{path}"/>')
        parts.extend(f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in at)
    return _svg(bottom + _FOOT, parts, f"{units[1]} over {units[0]}")


def _down_axis(
    ticks: Sequence[float], scale: float, left: float, bottom: float, unit: str
) -> Iterator[str]:
    for tick in ticks:
        x = left + tick * scale
        yield f'<path class="grid" d="M{x:.1f} 0V{bottom}"/>'
        yield _text(x, bottom + 13, f"{tick:g}", "middle", "tick")
    yield _text(left + ticks[-1] * scale / 2, bottom + 29, unit, "middle", "tick")


def _ticks(longest: float) -> list[float]:
    """Round numbers from zero up to about the longest, three to five of them."""
    power = 10.0 ** floor(log10(longest))
    step = next(power * each for each in (0.2, 0.5, 1, 2, 5) if longest / (power * each) <= 5)
    return [round(step * number, 10) for number in range(ceil(longest / step) + 1)]


def _text(x: float, y: float, words: str, anchor: str, kind: str = "label") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'


def _svg(height: float, parts: Sequence[str], description: str) -> Markup:
    # Everything in the parts is a number, one of our own classes, or escaped by `_text`.
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="{escape(description)}">'
        + "".join(parts)
        + "</svg>"
    )
