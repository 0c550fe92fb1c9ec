"""Can what is said of the neighbours be believed? Checks of attention and attribution between stations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
import xarray as xr
from scipy.stats import spearmanr

from workbench.explain.graph.attention import attention_of_case
from workbench.explain.graph.attribution import GraphAttribution, attribution_of_case
from workbench.explain.graph.case import GraphCase, open_graph_case
from workbench.explain.graph.edges import ALONE
from workbench.explain.graph.left_out import left_out_of_case
from workbench.networks.station_graph import shuffled_edges
from workbench.pickers.own_weights import RATE_HZ
from workbench.pickers.station_graph import StationGraphPicker
from workbench.schema import Check, Report, silent

__all__ = ["GRAPH_CHECKS", "check_between"]

GRAPH_CHECKS = ("neighbours", "random_edges", "adds_up", "attention", "removal")
"""Names, in the order in which they are made."""

_SMALL_GAP, _LARGE_GAP = 0.05, 0.2
_LEAST_EFFECT = 0.02
_AGREES, _DISAGREES = 0.5, 0.0
_FEWEST = 4
_LEAST_FELT = 1e-4
_SHUFFLES = 5


def check_between(
    recording: xr.Dataset,
    picker: str | StationGraphPicker,
    weights: str = "",
    *,
    station: str,
    phase: str,
    time: pd.Timestamp,
    report: Report = silent,
    seed: int = 0,
) -> list[Check]:
    """All checks of one pick, in the order of :data:`GRAPH_CHECKS`.

    Raises
    ------
    PickerError
        As :func:`~workbench.explain.graph.case.open_graph_case`.
    """  # fmt: skip
    report(0.0, "opening the picker")
    case = open_graph_case(recording, picker, weights, station=station, phase=phase, time=time)
    if not len(case.neighbours):
        words = "No neighbour reaches this station: the pick is its own, and there is nothing to check."
        return [Check("neighbours", "Neighbours count", "none", words)]
    left_out = left_out_of_case(case, _part(report, 0.0, 0.3))
    unheard = _unheard(case)
    found = [_neighbours_count(unheard), _random_edges(case, unheard, seed)]
    report(0.4, "adding up")
    attribution = attribution_of_case(case, _part(report, 0.4, 0.9))
    found.append(_adds_up(attribution))
    found.append(_attention_agrees(case, left_out))
    found.append(_removal(attribution.of_stations(), left_out))
    report(1.0, "done")
    return found


def _part(report: Report, low: float, high: float) -> Callable[[float, str], None]:
    return lambda fraction, step: report(low + (high - low) * fraction, step)


def _unheard(case: GraphCase) -> tuple[float, float, float]:
    """Probability of the pick with all that is said, and without a word; and by how many ms it lies later with it.

    Both by the same network: the XiaoNet that a picker may fall back on for a station alone says something else for
    reasons of its own, and nothing about the neighbours.
    """
    edges = case.edge_index, case.edge_attr
    curves = [case.curve_over(*edges), case.curve_over(*edges, heard=False)]
    at, probability = case.pick_in(np.concatenate(curves))
    return float(probability[0]), float(probability[1]), 1e3 * float(at[0] - at[1]) / RATE_HZ


def _neighbours_count(unheard: tuple[float, float, float]) -> Check:
    """Whether all neighbours together change the pick at all."""
    heard, silent_, shift_ms = unheard
    gain = heard - silent_
    counts = abs(gain) >= _LEAST_EFFECT or abs(shift_ms) >= 20
    words = (
        f"The probability is {heard:.2f} with what neighbours say, {silent_:.2f} where nobody is heard; "
        f"the pick lies {shift_ms:+.0f} ms from that.".replace("-", "−")
    )
    if not counts:
        words += " The station decides by itself here: what edges show has little weight."
    figures = {"gain": gain, "shift_ms": shift_ms}
    return Check("neighbours", "Neighbours count", "pass" if counts else "warn", words, figures)


def _random_edges(case: GraphCase, unheard: tuple[float, float, float], seed: int) -> Check:
    """Whether the help of the neighbours goes where edges lead to wrong places (the same graph, laid at random)."""
    title = "Depends on the true edges"
    gain = unheard[0] - unheard[1]
    if abs(gain) < _LEAST_EFFECT:
        words = f"Neighbours change the probability by {abs(gain):.3f} only; there is nothing to lose."
        return Check("random_edges", title, "none", words)
    rng = np.random.default_rng(seed)
    gains = []
    # Only stations within reach take part, so that the copies have the same nodes.
    for _ in range(_SHUFFLES):
        _, probability = case.pick_in(case.curve_over(*_shuffled(case, rng)))
        gains.append(float(probability[0]) - unheard[1])
    left = float(np.mean(gains)) / gain
    verdict = "pass" if left < 0.5 else "warn" if left < 1.0 else "fail"
    words = (
        f"Neighbours change the probability by {gain:+.3f}; with edges laid at random by {np.mean(gains):+.3f} "
        f"(mean of {_SHUFFLES}). Expected: less than half of it."
    ).replace("-", "−")
    return Check("random_edges", title, verdict, words, {"gain": gain, "random_gain": float(np.mean(gains))})


def _shuffled(case: GraphCase, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    part = replace(
        case.graph, stations=tuple(case.names), edge_index=case.edge_index.numpy(), edge_attr=case.edge_attr.numpy(),
        distance_km=case.graph.distance_km[case.edges], azimuth_deg=case.graph.azimuth_deg[case.edges],
    )  # fmt: skip
    laid = shuffled_edges(part, rng)
    return torch.from_numpy(laid.edge_index), torch.from_numpy(laid.edge_attr)


def _adds_up(attribution: GraphAttribution) -> Check:
    """Whether the parts sum to the change; the gap is measured by what the stations moved, for and against."""
    attrs = attribution.seconds.attrs
    change = attrs["value"] - attrs["baseline_value"]
    gap = abs(attrs["convergence_delta"]) / max(abs(change), float(attribution.of_stations().abs().sum()), 0.01)
    verdict = "pass" if gap <= _SMALL_GAP else "warn" if gap <= _LARGE_GAP else "fail"
    parts = change + attrs["convergence_delta"]
    words = (
        f"Parts sum to {parts:.3f}; neighbours changed the log-odds by {change:.3f}. "
        f"Gap {100 * gap:.1f} % of what they moved, for and against."
    )
    words = words.replace("-", "−").replace("log−odds", "log-odds")
    return Check("adds_up", "Adds up", verdict, words, {"change": change, "gap": gap, "limit": _SMALL_GAP})


def _attention_agrees(case: GraphCase, left_out: pd.DataFrame) -> Check:
    """Whether who is looked at most is who is missed most."""
    title = "Attention says who is missed"
    edges = attention_of_case(case).edges
    own = edges[edges["target"] == case.names[case.focus]].set_index("source")["weight"]
    effects = left_out[left_out["station"] != ALONE].set_index("station")
    size = effects["probability_change"].abs() + effects["shift_s"].abs()
    pairs = pd.concat([own.rename("attention"), size.rename("effect")], axis=1).dropna()
    n_felt = int((pairs["effect"] > _LEAST_FELT).sum())
    if n_felt < _FEWEST:
        words = f"Leaving out {n_felt} of {len(pairs)} neighbours changes anything; {_FEWEST} are needed to rank them."
        return Check("attention", title, "none", words)
    rank = float(spearmanr(pairs["attention"], pairs["effect"]).statistic)
    if rank != rank:
        return Check("attention", title, "none", "All neighbours are looked at alike: there is nothing to rank.")
    verdict = "pass" if rank >= _AGREES else "warn" if rank >= _DISAGREES else "fail"
    words = (
        f"Rank correlation of attention with the effect of leaving a station out is {rank:.2f}; expected {_AGREES:.1f} "
        "or more."
    ).replace("-", "−")
    return Check("attention", title, verdict, words, {"rank_correlation": rank, "limit": _AGREES})


def _removal(shares: pd.Series, left_out: pd.DataFrame) -> Check:
    """Whether leaving out the neighbour with the largest share changes more than leaving out that with the least."""
    title = "Leaving out what matters hurts"
    effects = left_out[left_out["station"] != ALONE].set_index("station")["odds_change"].abs()
    ranked = [name for name in shares.index if name in effects.index]
    if len(ranked) < 2:
        return Check("removal", title, "none", "One neighbour only: there is nothing to compare it with.")
    most, least = float(effects[ranked[0]]), float(effects[ranked[-1]])
    if max(most, least) < _LEAST_EFFECT:
        return Check("removal", title, "none", "Leaving either of them out changes nothing that could be compared.")
    verdict = "pass" if most > least else "warn" if most > 0.5 * least else "fail"
    words = (
        f"Without the station of the largest share the log-odds change by {most:.3f}, without that of the smallest by "
        f"{least:.3f}. Expected: more."
    )
    return Check("removal", title, verdict, words, {"largest": most, "smallest": least})
