"""A bar chart of ratios, as SVG, drawn by hand.

The axis is logarithmic: what takes twice as long is as far to the right of komparu, wherever it is.
Every bar is named where it stands, so that no reader has to look up colours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS, _OTHERS, _GRID, _FAINT = "#c2410c", "#94a3b8", "#e2e8f0", "#64748b"
_STYLE = "text { font: 11px system-ui, sans-serif; fill: #0f172a }"
_ROW, _BAR, _HEADING, _GAP = 16, 11, 20, 10
_LETTER, _PLOT, _RIGHT, _TOP = 6.5, 500, 70, 64


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high, so few that their labels keep apart."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 300 else (1,)  # 8 labels at most
    every = [step * 10.0**power for power in powers for step in steps]
    return [tick for tick in every if low <= tick <= high]


def _number(ratio: float) -> str:
    """Three digits or so."""
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(text)}</text>'


def draw(title: str, bars: Mapping[str, Mapping[str, float]], labels: Mapping[str, str]) -> str:
    """Draw a group of bars for each case, one bar for each contender."""
    values = [ratio for ratios in bars.values() for ratio in ratios.values()]
    low, high = min(values, default=1.0), max([*values, 1.5]) * 1.1
    # On the left, room for the label of a bar that goes there.
    low *= 0.6 if low < 1 else 0.95

    names = {name for ratios in bars.values() for name in ratios}
    left = 38 + _LETTER * max(map(len, names), default=0)

    def x(ratio: float) -> float:
        return left + _PLOT * math.log(ratio / low) / math.log(high / low)

    rows = sum(_HEADING + len(ratios) * _ROW + _GAP for ratios in bars.values())
    width, height = left + _PLOT + _RIGHT, _TOP + rows + 6
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(16, 26, title, ' style="font-size: 16px; font-weight: 600"'),
        _text(16, 44, "time, in times of komparu's: shorter is better", f' style="fill: {_FAINT}"'),
    ]
    for tick in _ticks(low, high):
        stroke = _FAINT if tick == 1 else _GRID
        at = f"{x(tick):.1f}"
        out.append(f'<line x1="{at}" x2="{at}" y1="{_TOP}" y2="{height - 8}" stroke="{stroke}"/>')
        out.append(_text(x(tick), _TOP - 5, f"{tick:,g}", ' text-anchor="middle"'))
    y = float(_TOP)
    for case, ratios in bars.items():
        # On white, so that no line of the grid runs through the letters.
        out.append(f'<rect x="0" y="{y + 3:.1f}" width="{width}" height="15" fill="#ffffff"/>')
        out.append(_text(16, y + 14, case, ' style="font-weight: 600"'))
        y += _HEADING
        for name, ratio in ratios.items():
            ours = name == "komparu"
            start, end = sorted((x(1.0), x(ratio)))
            # komparu itself has no length here: a mark where all others are measured from.
            start, end = (start - 3, end + 3) if ours else (start, end)
            colour = _OURS if ours else _OTHERS
            size = f'width="{max(end - start, 1):.1f}" height="{_BAR}"'
            out.append(f'<rect x="{start:.1f}" y="{y + 2:.1f}" {size} fill="{colour}"/>')
            fill = f' style="fill: {_OURS}"' if ours else ""
            out.append(_text(left - 22, y + 11, name, f' text-anchor="end"{fill}'))
            label = labels[case] if ours else _number(ratio)
            if ratio < 1:
                out.append(_text(start - 4, y + 11, label, ' text-anchor="end"'))
            else:
                out.append(_text(end + 4, y + 11, label, fill))
            y += _ROW
        y += _GAP
    return "\n".join([*out, "</svg>", ""])
