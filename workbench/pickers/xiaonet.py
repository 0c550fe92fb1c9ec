"""XiaoNet as a picker: the one whose weights come with the workbench, the same on files and on streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import PickerError
from workbench.networks.bundled import DEFAULT_WEIGHTS
from workbench.pickers.own_weights import RATE_HZ, own_cache_key, own_card
from workbench.pickers.pieces import rate_notices, require_output
from workbench.pickers.segments import library_versions
from workbench.pickers.three_components import COMPONENTS, component_notices, three_components
from workbench.processing.grid import Grid, kept_outputs, sample_index, stack_mean
from workbench.processing.large_arrays import nan_array
from workbench.processing.resampling import resample
from workbench.registry import Availability, needs
from workbench.schema import Report, make_annotations, one_station, silent

if TYPE_CHECKING:
    from workbench.pickers.execution import Execution
    from workbench.pickers.windows import Where

__all__ = ["XiaoNetPicker"]

_CITATION = "Distilled from Zhu and Beroza (2019) and Mousavi et al. (2020)"
_LONGEST_GAP_WINDOWS = 2


class XiaoNetPicker:
    """XiaoNet with its weights.

    Parameters
    ----------
    weights
        ``"5k"``, ``"25k"`` or ``"100k"`` where bundled, or a path to a ``.safetensors`` file of a training run.
    batch_size
        Windows that go through the network at once.
    step_s, front_s, back_s
        From one window of 30 s to the next, and what is discarded at its two edges; see
        :class:`~workbench.processing.grid.Grid`. A stream's latency follows from them.
    """

    def __init__(
        self,
        weights: str = DEFAULT_WEIGHTS,
        batch_size: int = 32,
        step_s: float = 10.0,
        front_s: float = 15.0,
        back_s: float = 5.0,
    ) -> None:
        from workbench.networks.weights_file import load_xiaonet
        from workbench.networks.xiaonet import StandardisedXiaoNet

        self.module, path = load_xiaonet(weights)
        self._standardised = StandardisedXiaoNet(self.module)
        self.batch_size = max(1, int(batch_size))
        self.grid = Grid(3000, *(round(value * RATE_HZ) for value in (step_s, front_s, back_s)))
        self.card = own_card(path, "xiaonet", "XiaoNet", _CITATION)

    @staticmethod
    def availability() -> Availability:
        """Whether the package that reads the bundled weights is there."""
        return needs("safetensors", "safetensors")

    @staticmethod
    def bundled() -> tuple[str, ...]:
        """Names of the weights that come with the workbench, the default one first."""
        from workbench.networks.bundled import bundled_weights

        return bundled_weights()

    cache_key = staticmethod(own_cache_key)

    def evaluate(self, windows: np.ndarray) -> np.ndarray:
        """P, S and noise of windows of shape (window, 3, sample), NaN where samples are missing."""
        import torch

        with torch.inference_mode():
            return np.asarray(self.module(torch.from_numpy(np.ascontiguousarray(windows, np.float32))).numpy())

    @property
    def window_shape(self) -> tuple[int, int]:
        """Components and samples of one window."""
        return len(COMPONENTS), self.grid.window_samples

    @staticmethod
    def step(windows: Any, forward: Any) -> Any:
        """What the network says of windows: it normalises them itself."""
        return forward(windows)

    def reading(self, recording: xr.Dataset, station: str) -> Any:
        """The network and its windows of one station, as a :class:`~workbench.pickers.windows.Reading`."""
        from workbench.networks.xiaonet import LABELS, standardise
        from workbench.pickers.windows import Plan, Reading

        notices = rate_notices(recording, self.card)
        one = resample(one_station(recording, station), RATE_HZ)
        return Reading(
            Plan(self.grid.window_samples, self.grid.step_samples, 1.0, "avg", (0, 1)),
            list(self._pieces(one)),
            RATE_HZ,
            standardise,
            self._standardised,
            lambda outputs: outputs.transpose(1, 2),
            tuple(LABELS),
            used=(self.grid.front_samples, self.grid.window_samples - self.grid.back_samples),
            notices=tuple(notices + component_notices(one)),
        )

    def annotate(
        self,
        recording: xr.Dataset,
        report: Report = silent,
        execution: Execution | None = None,
        where: Where | None = None,
    ) -> xr.Dataset:
        """Annotations of all stations; see :class:`~workbench.pickers.base.TorchPicker`."""
        from workbench.pickers.execution import Eager
        from workbench.pickers.windows import Plan, run_pieces

        notices = rate_notices(recording, self.card)
        recording = resample(recording, RATE_HZ)
        notices += component_notices(recording)
        stations = [str(station) for station in recording["station"].values]
        curves = nan_array((len(stations), 2, recording.sizes["time"]))
        plan = Plan(self.grid.window_samples, self.grid.step_samples, 1.0, "avg", (0, 1))
        n_windows = max(1, len(stations) * recording.sizes["time"] // self.grid.step_samples)
        run_pieces(
            self._pieces(recording),
            plan,
            execution or Eager(self.module, self.batch_size),
            self.step,
            stack_mean,
            curves,
            lambda done: report(min(done / n_windows, 1.0), f"window {done} of about {n_windows}"),
            lambda outputs, windows: kept_outputs(outputs, windows, self.grid),
            where,
        )
        if where is None:
            require_output(curves, self.card, notices)
        return make_annotations(
            curves,
            stations=stations,
            phases=self.card.phases,
            start=recording["time"].values[0],
            sampling_rate_hz=RATE_HZ,
            recording_id=recording.attrs["recording_id"],
            picker=self.card.name,
            weights=self.card.weights,
            weights_hash=self.card.weights_hash,
            overlap=self.grid.window_samples - self.grid.step_samples,
            stacking="avg",
            versions=library_versions("torch"),
            notices="\n".join(notices),
        )

    def _pieces(self, recording: xr.Dataset) -> Iterator[Any]:
        """Each station's samples on the grid, cut where nothing is there for longer than two windows."""
        from workbench.pickers.windows import Piece

        origin = sample_index(recording["time"].values[0], RATE_HZ)
        for row, station in enumerate(recording["station"].values):
            samples = three_components(recording, str(station))
            for first, stop in _runs(np.isfinite(samples).any(axis=0), _LONGEST_GAP_WINDOWS * self.grid.window_samples):
                begin, end = self.grid.windows_for(origin + first, origin + stop)
                offset = self.grid.start_of(begin) - origin
                length = self.grid.start_of(end - 1) + self.grid.window_samples - self.grid.start_of(begin)
                padded = np.full((3, length), np.nan, np.float32)
                padded[:, first - offset : stop - offset] = samples[:, first:stop]
                yield Piece(row, padded, offset)

    def window_tensor(self, recording: xr.Dataset, station: str, start: pd.Timestamp) -> Any:
        """The network's input for the 30 s from `start`; see :class:`~workbench.pickers.base.TorchPicker`.

        Raises
        ------
        PickerError
            If the station has no samples there.
        """
        import torch

        recording = resample(recording, RATE_HZ)
        samples = three_components(recording, station)
        offset = round((pd.Timestamp(start) - pd.Timestamp(recording["time"].values[0])).total_seconds() * RATE_HZ)
        window = np.full((3, self.grid.window_samples), np.nan, np.float32)
        first, stop = max(0, offset), min(samples.shape[1], offset + window.shape[1])
        if first < stop:
            window[:, first - offset : stop - offset] = samples[:, first:stop]
        if not np.isfinite(window).any():
            raise PickerError(f"{station} has no samples at {start}.")
        return torch.from_numpy(window[np.newaxis])


def _runs(there: np.ndarray, longest_gap: int) -> list[tuple[int, int]]:
    """First index and the index after the last of stretches, those with shorter gaps between them joined."""
    indices = np.flatnonzero(there)
    if indices.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(indices) > longest_gap)
    firsts, lasts = indices[[0, *(breaks + 1)]], indices[[*breaks, -1]]
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]
