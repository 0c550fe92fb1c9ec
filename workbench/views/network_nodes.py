"""The stations of the map as columns: colour, size and words of each triangle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from bokeh.palettes import Cividis256

from workbench.session.gather import OFF_MOVEOUT_S, Gather
from workbench.views.network_edges import lag_words
from workbench.views.theme import TOKENS

__all__ = ["NODE_WORDS", "node_columns", "node_limits", "node_values", "residual_words"]

NODE_WORDS = {
    "onset": (
        "Onset",
        "Seconds after the first onset: a wave goes over the map evenly, a wrong pick breaks it",
    ),
    "residual": ("Residual", "How far the onset lies from the fitted moveout"),
    "probability": ("Probability", "How sure the picker is of the onset"),
}


def node_values(gather: Gather, phase: str, nodes: str) -> np.ndarray:
    """What colours the triangles, by station: seconds, size of a residual in seconds, or probability; NaN for none."""
    if nodes == "probability":
        return gather.by_station(phase, "probability")
    if nodes == "residual":
        return np.abs(gather.by_station(phase, "residual_s"))
    own = gather.onsets[gather.onsets["phase"] == phase]
    seconds = (own["time"] - own["time"].min()).dt.total_seconds().set_axis(own["station"])
    return gather.stations["station"].map(seconds).to_numpy(float)


def node_limits(values: np.ndarray, nodes: str) -> tuple[float, float]:
    """What the two ends of the colours stand for."""
    known = values[np.isfinite(values)]
    if nodes == "probability":
        return 0.0, 1.0
    if nodes == "residual":
        return 0.0, OFF_MOVEOUT_S
    return 0.0, float(known.max()) if known.size and known.max() > 0 else 1.0


def residual_words(seconds: float) -> str:
    """``"+279"``: ms off the moveout where an onset is off it, else nothing."""
    return lag_words(seconds).removesuffix(" ms") if abs(seconds) >= OFF_MOVEOUT_S else ""


def node_columns(gather: Gather, phase: str, nodes: str, focus: str, theme: str) -> dict[str, list[object]]:
    """Of each station: fill, line, name_colour, weight (of the font), words (its name), title and detail of a hover."""
    token, residual = TOKENS[theme], gather.by_station(phase, "residual_s")
    values = node_values(gather, phase, nodes)
    low, high = node_limits(values, nodes)
    found: dict[str, list[object]] = {
        name: [] for name in ("fill", "line", "name_colour", "font", "words", "title", "detail", "size")
    }
    for n, row in enumerate(gather.stations.to_dict("records")):
        off, is_open = bool(abs(residual[n]) >= OFF_MOVEOUT_S), row["station"] == focus
        share = (values[n] - low) / (high - low)
        colour = Cividis256[int(255 * min(max(share, 0.0), 1.0))] if np.isfinite(share) else token["plot"]
        found["fill"].append(token["warn"] if off else colour)
        live = np.isfinite(values[n]) or off
        found["line"].append(token["warn"] if off else token["trace_focus"] if live else token["trace"])
        found["name_colour"].append(token["warn"] if off else token["text"] if live or is_open else token["muted"])
        found["font"].append("bold" if is_open or off else "normal")
        found["words"].append(" ".join(part for part in (row["code"], residual_words(residual[n])) if part))
        found["size"].append(15 if is_open else 12)
        found["title"].append(row["station"].rstrip("."))
        found["detail"].append(" · ".join(_facts(gather, row, phase)))
    return found


def _facts(gather: Gather, row: Mapping[str, object], phase: str) -> Sequence[str]:
    facts = []
    if row["distance_km"] == row["distance_km"]:
        facts.append(f"{row['distance_km']:.1f} km")
    onset = gather.onset(str(row["station"]), phase)
    if not row["alive"]:
        facts.append("no live trace")
    elif onset is None:
        facts.append(f"no {phase}")
    else:
        facts.append(f"{phase} {onset['time']:%H:%M:%S.%f}"[:-3])
        if onset["probability"] == onset["probability"]:
            facts.append(f"probability {onset['probability']:.2f}")
        if onset["residual_s"] == onset["residual_s"]:
            facts.append(f"{lag_words(onset['residual_s'])} from the moveout")
    return facts
