"""DeepPhasePick (Soto and Schurr, 2021): a detector says in which window P or S sets in, then a picker says where.

SeisBench has the bare networks but cannot run them over a record; this is the windowing of the original: windows of
4.8 s every 0.1 s, divided by their largest amplitude, components E, N, Z; the onset of P stands at 0.7 of its window,
that of S in the middle. The P picker sees Z, the S picker E and N, of the window in which the detector is surest; the
onset is the first sample that they call "after".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers.classical import bump
from workbench.pickers.pieces import Wanted, network_rate, pieces_of, rate_notices, require_output
from workbench.pickers.segments import finite_runs, library_versions
from workbench.pickers.seisbench_families import seisbench_availability
from workbench.pickers.seisbench_pickers import load_network
from workbench.pickers.weights import WeightFiles, cached_files, find_files, weights_hash
from workbench.registry import Availability
from workbench.schema import PickerCard, Report, make_annotations, one_station, silent

if TYPE_CHECKING:
    from workbench.pickers.execution import Execution
    from workbench.pickers.windows import Where

__all__ = ["DppPicker"]

_RATE_HZ = 100.0
_WINDOW_SAMPLES = 480
_STEP_SAMPLES = 10
_ONSET_SAMPLES = {"P": 336, "S": 240}
_PICKER_COMPONENTS = {"P": (2,), "S": (0, 1)}
_ORDER = "ENZ"
_LABELS = ("P", "S", "N")
_CANDIDATE = 0.3
"""Detections below it are not refined by the pickers, and so give no pick at any threshold."""


class DppPicker:
    """DeepPhasePick: the detector, and the P and S pickers where their weights are on this computer too.

    Without the pickers' weights it gives the detector's own curves, which are coarse: a probability every 0.1 s, high
    for some tenths of a second around an onset.

    Parameters
    ----------
    weights
        Of the detector: name or path. The pickers' are those in the cache (``dpppicker``) whose name begins with the
        same, one for P and one for S.
    """

    batch_size = 256
    window_shape = (len(_ORDER), _WINDOW_SAMPLES)

    def __init__(self, weights: str = "") -> None:
        files = find_files("dpp", weights)
        self.module = load_network("DPPDetector", files)
        # SeisBench's class leaves open what it must know to prepare a stream.
        self.module.sampling_rate, self.module.in_samples = _RATE_HZ, _WINDOW_SAMPLES
        self.module._component_order = _ORDER
        self.pickers = {mode: load_network("DPPPicker", found) for mode, found in _picker_files(files).items()}
        self._arguments = dict(self.module.default_args)
        self.card = PickerCard(
            name="dpp",
            title="DeepPhasePick",
            weights=files.name,
            weights_hash=weights_hash(files.tensors),
            component_order=_ORDER,
            sampling_rate_hz=_RATE_HZ,
            window_s=(_WINDOW_SAMPLES - 1) / _RATE_HZ,
            thresholds={phase: float(self._arguments.get(f"{phase}_threshold", 0.9)) for phase in "PS"},
            citation="Soto and Schurr (2021)",
        )

    @staticmethod
    def cache_key(weights: str) -> tuple[tuple[str, int], ...]:
        """Changes when a file behind the weights does, or a picker's weights are added."""
        files = find_files("dpp", weights)
        paths = [files.tensors, *(found.tensors for found in _picker_files(files).values())]
        return tuple((str(path), path.stat().st_mtime_ns) for path in paths)

    @staticmethod
    def availability() -> Availability:
        """Whether weights of the detector are on this computer."""
        return seisbench_availability("dpp")

    @staticmethod
    def step(windows: Any, forward: Any) -> Any:
        """What the detector says of windows."""
        return forward(_normalised(windows))

    def reading(self, recording: xr.Dataset, station: str) -> Any:
        """The detector and its windows of one station, as a :class:`~workbench.pickers.windows.Reading`."""
        from workbench.pickers.windows import Plan, Reading

        network_rate(recording, self.card)
        notices = rate_notices(recording, self.card) + self._notices()
        one, wanted = one_station(recording, station), Wanted(_ORDER, self.card.window_s)
        return Reading(
            Plan(_WINDOW_SAMPLES, _STEP_SAMPLES, 1 / _STEP_SAMPLES, "", (0, 1)),
            list(pieces_of(self.module, self._arguments, one, [station], wanted, _RATE_HZ, notices)),
            _RATE_HZ,
            _normalised,
            self.module,
            lambda outputs: outputs,
            _LABELS,
            {phase: at / _RATE_HZ for phase, at in _ONSET_SAMPLES.items()},
            notices=tuple(notices),
        )

    def annotate(
        self,
        recording: xr.Dataset,
        report: Report = silent,
        execution: Execution | None = None,
        where: Where | None = None,
    ) -> xr.Dataset:
        """Annotations of all stations at 100 Hz; see :class:`~workbench.pickers.base.TorchPicker`."""
        from workbench.pickers.execution import Eager
        from workbench.pickers.windows import Piece, Plan, run_pieces

        network_rate(recording, self.card)
        stations = [str(station) for station in recording["station"].values]
        duration_s = (recording.sizes["time"] - 1) / float(recording.attrs["sampling_rate_hz"])
        n_samples = int(duration_s * _RATE_HZ + 1e-6) + 1
        notices = rate_notices(recording, self.card) + self._notices()
        wanted = Wanted(_ORDER, self.card.window_s)
        kept: list[Piece] = []

        def keeping() -> Iterator[Piece]:
            for piece in pieces_of(self.module, self._arguments, recording, stations, wanted, _RATE_HZ, notices):
                if self.pickers:
                    kept.append(piece)
                yield piece

        plan = Plan(_WINDOW_SAMPLES, _STEP_SAMPLES, 1 / _STEP_SAMPLES, "", (0, 1))
        # A padded piece begins before the recording, and so may its first windows.
        detections = np.full((len(stations), 2, n_samples // _STEP_SAMPLES + 1), np.nan, dtype=np.float32)
        n_windows = max(1, len(stations) * (n_samples - _WINDOW_SAMPLES) // _STEP_SAMPLES)
        run_pieces(
            keeping(),
            plan,
            execution or Eager(self.module, self.batch_size),
            self.step,
            _no_stacking,
            detections,
            lambda done: report(min(1.0, done / n_windows), f"window {done} of about {max(done, n_windows)}"),
            where=where,
        )
        if where is None:
            require_output(detections, self.card, notices)
        curves = np.stack(
            [_on_samples(detections[:, at], _ONSET_SAMPLES["PS"[at]], n_samples) for at in (0, 1)], axis=1
        )
        for at, phase in enumerate("PS"):
            if phase in self.pickers:
                curves[:, at] = self._refined(detections[:, at], curves[:, at], kept, phase, report)
        return self._annotations(curves, recording, notices)

    def _annotations(self, curves: np.ndarray, recording: xr.Dataset, notices: list[str]) -> xr.Dataset:
        return make_annotations(
            curves,
            stations=[str(station) for station in recording["station"].values],
            phases=("P", "S"),
            start=recording["time"].values[0],
            sampling_rate_hz=_RATE_HZ,
            recording_id=recording.attrs["recording_id"],
            picker="dpp",
            weights=self.card.weights,
            weights_hash=self.card.weights_hash,
            overlap=_WINDOW_SAMPLES - _STEP_SAMPLES,
            versions=library_versions("obspy", "seisbench", "torch"),
            notices="\n".join(notices),
        )

    def _notices(self) -> list[str]:
        missing = [phase for phase in "PS" if phase not in self.pickers]
        if not missing:
            return []
        return [
            f"No weights of the {' and '.join(missing)} picker are on this computer: "
            f"the detector's coarse curve stands for {' and '.join(missing)}."
        ]

    def _refined(
        self, detections: np.ndarray, coarse: np.ndarray, pieces: list[Any], phase: str, report: Report
    ) -> np.ndarray:
        """Curves of one phase (station, time): a bump as high as the detection, where the picker puts the onset."""
        curves = np.where(np.isfinite(coarse), np.float32(0), np.float32(np.nan))
        for number, piece in enumerate(pieces):
            report(float("nan"), f"{phase} picker, piece {number + 1} of {len(pieces)}")
            found = detections[piece.row]
            for first, stop in finite_runs(found > _CANDIDATE):
                surest = first + int(np.argmax(found[first:stop]))
                offset = surest * _STEP_SAMPLES - piece.start
                if 0 <= offset <= piece.samples.shape[-1] - _WINDOW_SAMPLES:
                    onset = self._onset(piece.samples[:, offset : offset + _WINDOW_SAMPLES], phase)
                    bump(curves[piece.row], piece.start + offset + onset, float(found[surest]), _RATE_HZ, width_s=0.05)
        return curves

    def _onset(self, window: np.ndarray, phase: str) -> int:
        """Index in a window of the first sample after the onset; where the detector has it if the picker sees none."""
        import torch

        with torch.inference_mode():
            normalised = _normalised(torch.from_numpy(window[np.newaxis].copy()))
            after = self.pickers[phase](normalised[:, list(_PICKER_COMPONENTS[phase])]).numpy()[0] > 0.5
        return int(np.argmax(after)) if after.any() else _ONSET_SAMPLES[phase]

    def window_tensor(self, recording: xr.Dataset, station: str, start: Any) -> Any:
        """The detector's input for one window; see :class:`~workbench.pickers.base.TorchPicker`."""
        import pandas as pd
        import torch

        offset = round((pd.Timestamp(start) - pd.Timestamp(recording["time"].values[0])).total_seconds() * _RATE_HZ)
        one, wanted = one_station(recording, station), Wanted(_ORDER, self.card.window_s)
        for piece in pieces_of(self.module, self._arguments, one, [station], wanted, _RATE_HZ, []):
            first = offset - piece.start
            if 0 <= first <= piece.samples.shape[-1] - _WINDOW_SAMPLES:
                window = piece.samples[np.newaxis, :, first : first + _WINDOW_SAMPLES]
                return _normalised(torch.from_numpy(window.copy()))
        raise PickerError(f"{station} has no {_WINDOW_SAMPLES / _RATE_HZ:g} s of samples from {start} on.")


def _normalised(windows: Any) -> Any:
    """Demeaned by component, divided by the largest amplitude of all components."""
    windows = windows - windows.mean(dim=-1, keepdim=True)
    return windows / (windows.abs().amax(dim=(-2, -1), keepdim=True) + 1e-10)


def _no_stacking(**_: Any) -> np.ndarray:
    raise PickerError("The detector gives one output per window; there is nothing to stack.")


def _on_samples(detections: np.ndarray, onset: int, n_samples: int) -> np.ndarray:
    """Curves every 0.1 s by window (station, window) as curves by sample (station, sample), linear in between."""
    at = np.arange(detections.shape[-1]) * _STEP_SAMPLES + onset
    samples = np.arange(n_samples)
    curves = [np.interp(samples, at, row, left=np.nan, right=np.nan) for row in detections]
    return np.asarray(curves, dtype=np.float32)


def _picker_files(detector: WeightFiles) -> Mapping[str, WeightFiles]:
    """Mode ("P", "S") to files of the pickers that belong to a detector, in the cache."""
    found: dict[str, WeightFiles] = {}
    for name, files in sorted(cached_files("dpppicker").items()):
        if not name.startswith(detector.name):
            continue
        try:
            mode = json.loads(files.settings.read_text(encoding="utf-8"))["model_args"]["mode"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PickerError(f"{files.settings} does not say whether it is a P or an S picker: {error}.") from error
        if mode in _ONSET_SAMPLES:
            found.setdefault(mode, files)
    return found
