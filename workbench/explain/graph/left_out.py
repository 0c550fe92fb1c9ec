"""How a pick moves when one station is left out: the plainest way to ask who moved it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
import xarray as xr

from workbench.explain.graph.case import GraphCase, open_graph_case
from workbench.explain.graph.edges import ALONE
from workbench.pickers.own_weights import RATE_HZ
from workbench.pickers.station_graph import StationGraphPicker
from workbench.schema import Report, silent

__all__ = ["leave_one_out", "left_out_of_case"]

_MOST = 24


def leave_one_out(
    recording: xr.Dataset,
    picker: str | StationGraphPicker,
    weights: str = "",
    *,
    station: str,
    phase: str,
    time: pd.Timestamp,
    report: Report = silent,
) -> pd.DataFrame:
    """What becomes of a pick without each neighbour, and without all of them.

    Columns: ``station`` (one row is :data:`~workbench.explain.graph.edges.ALONE`), ``shift_s`` (time of the pick
    without it minus time with it), ``probability`` (without it), ``probability_change`` (without minus with),
    ``odds_change`` (of the log-odds around the pick), ``magnitude_change`` (of the window's magnitude, from all
    stations of the recording; NaN where there is none) and ``detection_change``. The attributes ``time``,
    ``probability``, ``magnitude`` and ``detection`` are those with all stations. A station is left out by taking its
    samples away; of more than 24 neighbours, the 24 nearest are asked about.

    Raises
    ------
    PickerError
        As :func:`~workbench.explain.graph.case.open_graph_case`.
    """  # fmt: skip
    report(0.0, "opening the picker")
    case = open_graph_case(recording, picker, weights, station=station, phase=phase, time=time)
    return left_out_of_case(case, report)


def left_out_of_case(case: GraphCase, report: Report = silent) -> pd.DataFrame:
    """As :func:`leave_one_out`, of a case that is open."""
    asked = _nearest(case)
    report(0.05, "all stations together")
    silenced = case.silenced
    heard = [silenced.whole]
    for number, node in enumerate(asked, 1):
        report(0.2 + 0.8 * (number - 1) / len(asked), f"without station {number} of {len(asked)}")
        heard.append(silenced.without(int(case.nodes[node])))
    row = int(case.nodes[case.focus])
    logits = torch.stack([said.logits[row] for said in heard])
    curves = logits.softmax(dim=1)[:, case.channel].numpy()
    at, probability = case.pick_in(np.concatenate([curves, case.curve_over(*_no_edge(case))]))
    odds = np.append(case.odds(logits).numpy(), np.nan)
    magnitudes, detections = (
        np.array([*(getattr(said, name) for said in heard), np.nan]) for name in ("magnitude", "detection")
    )
    table = pd.DataFrame(
        {
            "station": [*(case.names[node] for node in asked), ALONE],
            "shift_s": (at[1:] - at[0]) / RATE_HZ,
            "probability": probability[1:].astype(float),
            "probability_change": (probability[1:] - probability[0]).astype(float),
            "odds_change": (odds[1:] - odds[0]).astype(float),
            "magnitude_change": magnitudes[1:] - magnitudes[0],
            "detection_change": detections[1:] - detections[0],
        }
    )
    report(1.0, "done")
    table.attrs = {
        **case.asked,
        "method": "leave_one_out",
        "time": case.window.start + pd.Timedelta(round(at[0] * 1e9 / RATE_HZ), "ns"),
        "probability": float(probability[0]),
        "magnitude": float(magnitudes[0]),
        "detection": float(detections[0]),
    }
    return table


def _no_edge(case: GraphCase) -> tuple[torch.Tensor, torch.Tensor]:
    return case.edge_index[:, :0], case.edge_attr[:0]


def _nearest(case: GraphCase) -> list[int]:
    """Places of the stations that are asked about: direct neighbours, the nearest first."""
    source, target = case.edge_index.numpy()
    own = np.flatnonzero(target == case.focus)
    order = own[np.argsort(case.edge_attr.numpy()[own, 0], kind="stable")]
    return [int(row) for row in source[order][:_MOST]]
