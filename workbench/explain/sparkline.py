"""Curves of a check as a small drawing: inline SVG that takes the colour of the text around it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

__all__ = ["sparkline"]

_MARGIN = 2.0


def sparkline(curves: Mapping[str, np.ndarray], width_px: int = 66, height_px: int = 30) -> str:
    """An SVG of curves over the first of them: the second is drawn in full, those after it dashed; empty without any.

    Parameters
    ----------
    curves
        Name to values as in :class:`workbench.schema.Check`; NaN leaves a gap.
    """
    names = list(curves)
    if len(names) < 2:
        return ""
    across = np.asarray(curves[names[0]], float)
    heights = {name: np.asarray(curves[name], float) for name in names[1:]}
    known = np.concatenate([values[np.isfinite(values)] for values in heights.values()])
    if not known.size or not np.isfinite(across).all() or across.size < 2:
        return ""
    x = _placed(across, float(across.min()), float(across.max()), width_px)
    low, high = min(float(known.min()), 0.0), float(known.max())
    drawn = [
        _line(x, height_px - _placed(values, low, high, height_px), dashed=number > 0)
        for number, values in enumerate(heights.values())
    ]
    words = f"{' and '.join(heights)} over {names[0]}"
    return (
        f'<svg class="spark" width="{width_px}" height="{height_px}" viewBox="0 0 {width_px} {height_px}" '
        f'role="img" aria-label="{escape(words)}" fill="none" stroke="currentColor"><title>{escape(words)}</title>'
        f"{''.join(reversed(drawn))}</svg>"
    )


def _placed(values: np.ndarray, low: float, high: float, size_px: int) -> np.ndarray:
    return _MARGIN + (values - low) / ((high - low) or 1.0) * (size_px - 2 * _MARGIN)


def _line(x: np.ndarray, y: np.ndarray, *, dashed: bool) -> str:
    """One path; it starts anew after each gap."""
    parts, down = [], False
    for across, height in zip(x, y, strict=True):
        if np.isfinite(height):
            parts.append(f"{'L' if down else 'M'}{across:.1f} {height:.1f}")
        down = bool(np.isfinite(height))
    style = 'stroke-width="1" stroke-dasharray="3 2" opacity=".6"' if dashed else 'stroke-width="1.5"'
    return f'<path d="{"".join(parts)}" {style}/>'
