# SPDX-License-Identifier: BSL-1.0
"""Draws the ratios of a comparison as bars: no library needed, readable on light and dark pages."""
import math
from xml.sax.saxutils import escape

COLOURS = ("#2f6db5", "#e08a2e", "#4f9d69", "#a05195")
WIDTH, LABEL, RIGHT = 860, 330, 60
BAR, GAP, GROUP = 12, 1, 8  # a bar's height, between bars, between rows
TOP, BOTTOM = 84, 44


def bars(rows, threads, title, subtitle):
    """rows: {"title", "threads": {"1": {"ratio"}, ...}}; a bar for each number of threads, on a
    logarithmic axis."""
    ratios = [e["ratio"] for r in rows for e in r["threads"].values() if "ratio" in e]
    low = min(0.5, 2 ** math.floor(math.log2(min(ratios))))
    high = max(4.0, 1.15 * max(ratios))
    span = WIDTH - LABEL - RIGHT

    def at(ratio):
        return LABEL + span * math.log(ratio / low) / math.log(high / low)

    height_of_row = len(threads) * (BAR + GAP) + GROUP
    bottom = TOP + len(rows) * height_of_row
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + BOTTOM}" '
        f'width="{WIDTH}" height="{bottom + BOTTOM}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#24292f">',
        f'<rect width="{WIDTH}" height="{bottom + BOTTOM}" rx="8" fill="#ffffff"/>',
        f'<text x="20" y="28" font-size="16" font-weight="bold">{escape(title)}</text>',
        f'<text x="20" y="46" fill="#57606a">{escape(subtitle)}</text>']
    x = LABEL
    for t, colour in zip(threads, COLOURS):
        out.append(f'<rect x="{x}" y="58" width="12" height="12" rx="2" fill="{colour}"/>')
        out.append(f'<text x="{x + 17}" y="68">{t} thread{"s" * (t > 1)}</text>')
        x += 90
    tick = low
    while tick <= high:
        heavy = tick == 1.0
        out.append(f'<line x1="{at(tick):.1f}" y1="{TOP - 6}" x2="{at(tick):.1f}" y2="{bottom}" '
                   f'stroke="{"#24292f" if heavy else "#d0d7de"}" '
                   f'stroke-width="{1.5 if heavy else 1}"/>')
        out.append(f'<text x="{at(tick):.1f}" y="{bottom + 16}" text-anchor="middle" '
                   f'fill="#57606a">{tick:g}×</text>')
        tick *= 2
    out.append(f'<text x="{at(1):.1f}" y="{bottom + 34}" text-anchor="middle" fill="#57606a">'
               'as fast as the peer</text>')
    y = TOP
    for row in rows:
        middle = y + len(threads) * (BAR + GAP) / 2 - GAP / 2
        out.append(f'<text x="{LABEL - 10}" y="{middle + 4:.1f}" text-anchor="end">'
                   f"{escape(row['title'])}</text>")
        for t, colour in zip(threads, COLOURS):
            entry = row["threads"].get(str(t), {})
            if "ratio" in entry:
                left, right = sorted((at(1.0), at(entry["ratio"])))
                out.append(f'<rect x="{left:.1f}" y="{y}" width="{max(right - left, 1):.1f}" '
                           f'height="{BAR}" rx="2" fill="{colour}"/>')
                out.append(f'<text x="{max(right, at(1.0)) + 5:.1f}" y="{y + BAR - 2}" '
                           f'font-size="11">{entry["ratio"]:.2f}×</text>')
            y += BAR + GAP
        y += GROUP
    out.append("</svg>")
    return "\n".join(out) + "\n"
