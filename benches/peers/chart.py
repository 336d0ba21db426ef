"""A bar chart of ratios, as SVG, drawn by hand.

The axis is logarithmic: what takes twice as long is as far to the right of komparu, wherever it is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLOURS = ("#c2410c", "#94a3b8", "#64748b", "#cbd5e1", "#475569", "#a8a29e")
_BAR, _GAP, _LEFT, _PLOT, _TOP = 12, 14, 230, 470, 76


def draw(title: str, bars: Mapping[str, Mapping[str, float]], labels: Mapping[str, str]) -> str:
    """Draw a group of bars for each case, one bar for each contender."""
    names = list(dict.fromkeys(name for ratios in bars.values() for name in ratios))
    colours = {name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(names)}
    values = [ratio for ratios in bars.values() for ratio in ratios.values()]
    low = math.floor(math.log10(min([*values, 0.99])))
    high = math.ceil(math.log10(max([*values, 1.01])))

    def x(ratio: float) -> float:
        return _LEFT + _PLOT * (math.log10(ratio) - low) / (high - low)

    height = _TOP + sum(len(ratios) * _BAR + _GAP for ratios in bars.values()) + 10
    width = _LEFT + _PLOT + 90
    heading = f"{title}: time in times of komparu's, shorter is better"
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        "<style>text { font: 11px system-ui, sans-serif }</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="24" style="font-size: 15px">{escape(heading)}</text>',
    ]
    place = 16.0
    for name, colour in colours.items():
        out.append(f'<rect x="{place}" y="36" width="10" height="10" fill="{colour}"/>')
        out.append(f'<text x="{place + 14}" y="45">{escape(name)}</text>')
        place += 30 + 6.5 * len(name)
    for power in range(low, high + 1):
        at = x(10.0**power)
        stroke = "#334155" if power == 0 else "#e2e8f0"
        out.append(f'<line x1="{at}" x2="{at}" y1="{_TOP}" y2="{height - 8}" stroke="{stroke}"/>')
        text = f"{10.0**power:g}"
        out.append(f'<text x="{at}" y="{_TOP - 6}" text-anchor="middle">{text}</text>')
    y = _TOP + 4.0
    for case, ratios in bars.items():
        middle = y + len(ratios) * _BAR / 2 + 4
        out.append(f'<text x="{_LEFT - 70}" y="{middle}" text-anchor="end">{escape(case)}</text>')
        label = escape(labels[case])
        out.append(
            f'<text x="{_LEFT - 8}" y="{middle}" text-anchor="end" fill="#c2410c">{label}</text>'
        )
        for name, ratio in ratios.items():
            start, end = sorted((x(1.0), x(ratio)))
            # komparu itself has no length here: a mark where all others are measured from.
            start, end = (start - 3, end + 3) if name == "komparu" else (start, end)
            out.append(
                f'<rect x="{start:.1f}" y="{y:.1f}" width="{max(end - start, 1):.1f}" '
                f'height="{_BAR - 2}" fill="{colours[name]}"/>'
            )
            if name != "komparu":
                out.append(f'<text x="{end + 4:.1f}" y="{y + 9:.1f}">{ratio:.2f}</text>')
            y += _BAR
        y += _GAP
    return "\n".join([*out, "</svg>", ""])
