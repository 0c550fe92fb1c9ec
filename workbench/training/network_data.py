"""One window of several stations as a graph: what a network that sees all stations at once is given, and its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch_geometric.data import Data

from workbench.networks.station_graph import station_graph

__all__ = ["NetworkWindow", "Onset", "network_data"]

_LOWEST = 1e-15
"""Below the scale of any real signal, in counts or in m/s."""


@dataclass(frozen=True)
class Onset:
    """A known onset in a window.

    Parameters
    ----------
    station
        Its place in the window's stations.
    phase
        ``"P"`` or ``"S"``.
    sample
        From the window's start, fractions allowed.
    of_event
        Whether it belongs to the window's event, and not to another one that is in it too.
    """

    station: int
    phase: str
    sample: float
    of_event: bool = True


@dataclass(frozen=True)
class NetworkWindow:
    """What several stations recorded at the same time, and what is known of it.

    Parameters
    ----------
    waveform
        float32, shape (station, 3, sample), components Z, N, E, raw; NaN is a gap or no such component.
    stations
        Unique names.
    latitude_deg, longitude_deg, elevation_m
        By station, NaN where not known.
    onsets
        All that are known; those outside the window are left out of the graph.
    labelled
        Shape (station, 2): from and to which sample every onset is known; NaN where nothing is.
    event
        1 where the window holds an earthquake, 0 where it holds none, NaN where nobody has looked.
    magnitude
        Of the event; NaN where not known.
    event_id
        Empty for noise.
    snr_db
        By station, NaN where not known.
    units
        Of the samples.
    """

    waveform: np.ndarray
    stations: Sequence[str]
    latitude_deg: np.ndarray
    longitude_deg: np.ndarray
    elevation_m: np.ndarray
    onsets: Sequence[Onset]
    labelled: np.ndarray
    event: float
    magnitude: float = float("nan")
    event_id: str = ""
    snr_db: np.ndarray = field(default_factory=lambda: np.zeros(0))
    units: str = "counts"


def network_data(window: NetworkWindow, *, neighbours: int = 8, radius_km: float = 120.0) -> Data:
    """The window as a graph of PyG, which its ``DataLoader`` puts together into batches.

    Stations without a single usable sample are left out, unless all are: then nothing is labelled.

    Its attributes, with ``n`` stations and ``k`` onsets:

    - ``x`` (n, 3, sample) float32: each component without its mean, over the standard deviation of all three together;
      NaN is missing, as in :func:`workbench.networks.xiaonet.standardise`.
    - ``log_amplitude`` (n,): log10 of that standard deviation, in `units`: what magnitude is learned from.
    - ``edge_index`` (2, edge), ``edge_attr`` (edge, 6): see :func:`workbench.networks.station_graph.station_graph`.
    - ``p_sample``, ``s_sample`` (n,): first onset of the event; NaN where none is known in the window. Never filled.
    - ``onset_index``, ``onset_phase``, ``onset_sample`` (k,): every onset that is known in the window, also of other
      events: its station (counted on in a batch), 0 for P and 1 for S, its sample.
    - ``labelled_from``, ``labelled_to`` (n,): between them every onset is known; NaN where nothing is.
    - ``event``, ``magnitude`` (1,): 1, 0 or NaN (nobody has looked), and the magnitude or NaN.
    - ``latitude_deg``, ``longitude_deg``, ``elevation_m``, ``snr_db`` (n,), NaN where not known.
    - ``station`` (list of n names), ``event_id``, ``units``.
    """
    scaled, scale = _standardised(window.waveform)
    alive = scale > _LOWEST
    dead = not alive.any()
    kept = np.arange(len(alive)) if dead else np.flatnonzero(alive)
    names = [window.stations[int(row)] for row in kept]
    places = [getattr(window, name)[kept] for name in ("latitude_deg", "longitude_deg", "elevation_m")]
    graph = station_graph(names, *places, neighbours=neighbours, radius_km=radius_km)
    onsets = [] if dead else _inside(window.onsets, kept, window.waveform.shape[-1])
    first = _first_of_event(onsets, len(kept))
    labelled = np.full((len(kept), 2), np.nan) if dead else window.labelled[kept]
    snr_db = window.snr_db[kept] if len(window.snr_db) else np.full(len(kept), np.nan)
    return Data(
        x=torch.from_numpy(scaled[kept]),
        log_amplitude=_floats(np.log10(np.maximum(scale[kept], _LOWEST))),
        edge_index=torch.from_numpy(graph.edge_index),
        edge_attr=torch.from_numpy(graph.edge_attr),
        p_sample=_floats(first[:, 0]),
        s_sample=_floats(first[:, 1]),
        onset_index=torch.tensor([onset.station for onset in onsets], dtype=torch.long),
        onset_phase=torch.tensor(["PS".index(onset.phase) for onset in onsets], dtype=torch.long),
        onset_sample=_floats([onset.sample for onset in onsets]),
        labelled_from=_floats(labelled[:, 0]),
        labelled_to=_floats(labelled[:, 1]),
        event=_floats([np.nan if dead else window.event]),
        magnitude=_floats([np.nan if dead else window.magnitude]),
        **{
            name: torch.from_numpy(np.asarray(place, np.float64))
            for name, place in zip(("latitude_deg", "longitude_deg", "elevation_m"), places, strict=True)
        },
        snr_db=_floats(snr_db),
        station=names,
        event_id=window.event_id,
        units=window.units,
        num_nodes=len(kept),
    )


def _standardised(waveform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The waveform without means and over its scale, and the scale of each station (0 without a usable sample)."""
    samples = np.array(waveform, np.float32)
    for station, component in np.ndindex(*samples.shape[:2]):
        trace = samples[station, component]
        known = np.isfinite(trace)
        if not known.any() or np.ptp(trace[known]) == 0:
            # A constant is no ground motion: to the network it is missing.
            trace[:] = np.nan
        else:
            trace -= trace[known].mean(dtype=np.float64)
    known = np.isfinite(samples)
    power = np.where(known, samples, 0.0).astype(np.float64)
    total = np.square(power).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    scale = np.sqrt(total)
    return (samples / np.maximum(scale, _LOWEST)[:, None, None]).astype(np.float32), scale


def _inside(onsets: Sequence[Onset], kept: np.ndarray, n_samples: int) -> list[Onset]:
    """Onsets in the window, on the stations that are kept, sorted by time, their stations counted anew."""
    place = {int(row): number for number, row in enumerate(kept)}
    found = [
        Onset(place[onset.station], onset.phase, onset.sample, onset.of_event)
        for onset in onsets
        if onset.station in place and 0 <= onset.sample < n_samples
    ]
    return sorted(found, key=lambda onset: onset.sample)


def _first_of_event(onsets: Sequence[Onset], n_stations: int) -> np.ndarray:
    """First P and S of the event by station, shape (station, 2), NaN where none."""
    first = np.full((n_stations, 2), np.nan)
    for onset in reversed(onsets):
        if onset.of_event:
            first[onset.station, "PS".index(onset.phase)] = onset.sample
    return first


def _floats(values: Sequence[float] | np.ndarray) -> torch.Tensor:
    return torch.tensor(np.asarray(values, np.float32))
