"""Every picker of SeisBench behind one interface; the only file of this room that knows SeisBench.

SeisBench prepares a stream (filter, resampling, features), normalises and interprets each window, and stacks; the
windows run through :mod:`workbench.pickers.windows`. ``annotate()`` of SeisBench is not called: it starts an event loop
of its own, which fails where one is running, tells no progress, and cannot be stopped.
"""

from __future__ import annotations

import json
import pickle
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import PickerError, RequirementError, UnknownNameError
from workbench.pickers.pieces import Wanted, network_rate, pieces_of, rate_notices, require_output
from workbench.pickers.segments import library_versions
from workbench.pickers.seisbench_cards import SEISBENCH_CLASSES, is_phase, seisbench_card
from workbench.pickers.weights import (
    PATIENCE_S,
    WeightFiles,
    cache_folder,
    download,
    newest_version,
)
from workbench.processing.large_arrays import nan_array
from workbench.schema import Report, make_annotations, one_station, silent

if TYPE_CHECKING:
    from workbench.pickers.execution import Execution
    from workbench.pickers.windows import Where

__all__ = [
    "SEISBENCH_CLASSES",
    "SeisBenchPicker",
    "fetch_files",
    "load_network",
    "remote_weights",
    "stack_windows",
]


def load_network(class_name: str, files: WeightFiles) -> Any:
    """A SeisBench model with these weights, in eval mode. Only tensors are read from the file, never code.

    Raises
    ------
    PickerError
        If the files are broken, hold more than tensors, or belong to another network.
    """
    import seisbench.models
    import torch

    cls = getattr(seisbench.models, class_name)
    where = f"The weights {files.name!r} of {class_name} ({files.tensors})"
    try:
        metadata = json.loads(files.settings.read_text(encoding="utf-8"))
        with warnings.catch_warnings():
            # torch doubts files of another pickle protocol before it refuses or reads them.
            warnings.simplefilter("ignore")
            tensors = torch.load(files.tensors, map_location="cpu", weights_only=True)
        model = _model(cls, metadata, tensors)
    except pickle.UnpicklingError as error:
        raise PickerError(
            f"{where} are refused: the file holds something else than tensors, and reading it could run code. "
            "Use weights that SeisBench's model.save() or torch.save(model.state_dict()) wrote."
        ) from error
    except (EOFError, OSError, UnicodeDecodeError) as error:
        raise PickerError(f"{where} cannot be read: {_one_line(error)}. Fetch or copy them again.") from error
    except (RuntimeError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise PickerError(
            f"{where} do not fit the network, or are cut short: {_one_line(error)}. "
            f"Make sure that both files belong together and were made for {class_name}."
        ) from error
    return model.eval()


def _model(cls: Any, metadata: dict[str, Any], tensors: Mapping[str, Any]) -> Any:
    """What SeisBench's ``load`` gives, and also what its ``save`` wrote where ``load`` by itself fails."""
    arguments = dict(metadata.get("model_args", {}))
    if "norm_axis" in arguments:
        # VariableLengthPhaseNet saves what its constructor does not take; both are always False there.
        arguments = {key: value for key, value in arguments.items() if key not in ("norm_amp_per_comp", "norm_detrend")}
    if cls.__name__ == "PhaseNet" and "filter_factor" not in arguments:
        # PhaseNet does not save it: eight filters in the first layer, times the factor.
        arguments["filter_factor"] = max(1, tensors["inc.weight"].shape[0] // 8)
    cls._check_version_requirement(metadata)
    model = cls(**arguments)
    model._weights_metadata = metadata
    model._parse_metadata()
    model.load_state_dict(tensors)
    return model


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}…"


def _apart(model: Any, arguments: dict[str, Any]) -> tuple[Any, Any]:
    """Preparation of windows, and the network behind it; a spectrogram counts as the network's first layer."""
    if not hasattr(model, "waveforms_to_spectrogram"):
        return lambda windows: model.annotate_batch_pre(windows.clone(), argdict=arguments), model
    from workbench.networks.first_layer import BehindLayer

    def standardise(windows: Any) -> Any:
        windows = windows - windows.mean(dim=-1, keepdim=True)
        return windows / (windows.std(dim=(-2, -1), keepdim=True) + 1e-10)

    return standardise, BehindLayer(model.waveforms_to_spectrogram, model)


def stack_windows(**arguments: Any) -> np.ndarray:
    """SeisBench's stacking of overlapping windows."""
    from seisbench.ext import stack_windows as stack

    return np.asarray(stack(**arguments))


class SeisBenchPicker:
    """A SeisBench model with its weights.

    Parameters
    ----------
    name
        In the registry.
    files
        Of the weights.
    batch_size, overlap
        As for :class:`~workbench.pickers.seisbench_families.SeisBenchFamily`.
    """

    def __init__(self, name: str, files: WeightFiles, *, batch_size: int = 32, overlap: float | None = None) -> None:
        self.module = load_network(SEISBENCH_CLASSES[name], files)
        if self.module._grouping.grouping != "instrument" or callable(self.module.labels):
            raise PickerError(f"The weights {files.name!r} want several stations at once, which {name} cannot do here.")
        self.batch_size = max(1, int(batch_size))
        self._arguments = dict(self.module.default_args) | ({} if overlap is None else {"overlap": overlap})
        self._labels = [str(label) for label in self.module.labels or range(self.module.classes)]
        self.card = seisbench_card(name, files, self.module, self._labels, self._lead_s)

    @property
    def _lead_s(self) -> float:
        """Seconds at the start of a piece that a picker with features of its own (DKPN) needs to settle."""
        return float(getattr(self.module, "fp_stabilization", 0.0))

    def _argument(self, key: str) -> Any:
        return self._arguments.get(key, self.module._annotate_args.get(key, (None, None))[1])

    @property
    def _takes_samples_as_they_are(self) -> bool:
        """Whether SeisBench neither filters for this model nor makes features of its stream."""
        from seisbench.models.base import WaveformModel

        is_plain = type(self.module).annotate_stream_pre is WaveformModel.annotate_stream_pre
        return is_plain and self.module.filter_args is None and self.module.filter_kwargs is None

    def annotate(
        self,
        recording: xr.Dataset,
        report: Report = silent,
        execution: Execution | None = None,
        where: Where | None = None,
    ) -> xr.Dataset:
        """Annotations of all stations, equal to SeisBench's; see :class:`~workbench.pickers.base.TorchPicker`."""
        from workbench.pickers.execution import Eager
        from workbench.pickers.windows import run_pieces

        rate_hz = network_rate(recording, self.card)
        plan = self._plan()
        stations = [str(station) for station in recording["station"].values]
        curve_rate_hz = rate_hz * plan.outputs_per_sample
        first_s = 0.0 if plan.stacking else self.module.pred_sample / rate_hz
        duration_s = (recording.sizes["time"] - 1) / float(recording.attrs["sampling_rate_hz"])
        n_outputs = max(1, int((duration_s - first_s) * curve_rate_hz + 1e-6) + 1)
        curves = nan_array((len(stations), len(plan.columns), n_outputs))
        notices = rate_notices(recording, self.card)
        n_windows = len(stations) * max(1, round((duration_s * rate_hz - plan.window_samples) / plan.step_samples) + 1)
        run_pieces(
            self._pieces(recording, stations, rate_hz, notices),
            plan,
            execution or Eager(self.module, self.batch_size),
            self.step,
            stack_windows,
            curves,
            lambda done: report(min(1.0, done / n_windows), f"window {done} of about {max(done, n_windows)}"),
            where=where,
        )
        if where is None:
            require_output(curves, self.card, notices)
        start_ns = round(first_s * 1e9)
        return make_annotations(
            curves,
            stations=stations,
            phases=[self._labels[column] for column in plan.columns],
            start=recording["time"].values[0] + np.timedelta64(start_ns, "ns"),
            sampling_rate_hz=curve_rate_hz,
            recording_id=recording.attrs["recording_id"],
            picker=self.card.name,
            weights=self.card.weights,
            weights_hash=self.card.weights_hash,
            overlap=plan.window_samples - plan.step_samples,
            stacking=plan.stacking,
            versions=library_versions("obspy", "seisbench", "torch"),
            axis_of=recording,
            notices="\n".join(notices),
        )

    def _plan(self) -> Any:
        from workbench.pickers.windows import Plan

        model = self.module
        columns = tuple(index for index, label in enumerate(self._labels) if is_phase(label))
        if model.output_type == "point":
            step = int(self._argument("stride"))
            return Plan(model.in_samples, step, 1 / step, "", columns)
        overlap = self._argument("overlap")
        overlap = int(overlap * model.in_samples) if overlap < 1 else int(overlap)
        if not 0 <= overlap < model.in_samples:
            raise PickerError(f"Windows of {model.in_samples} samples cannot overlap by {overlap}.")
        factor = self._outputs_per_window / (model.pred_sample[1] - model.pred_sample[0])
        stacking = str(self._argument("stacking")).lower()
        return Plan(model.in_samples, model.in_samples - overlap, factor, stacking, columns)

    def _pieces(self, recording: xr.Dataset, stations: list[str], rate_hz: float, notices: list[str]) -> Iterator[Any]:
        wanted = Wanted(
            self.card.component_order,
            self.card.window_s,
            lead_s=self._lead_s,
            all_components=self._lead_s > 0 or bool(self._argument("strict")),
            as_it_is_hz=rate_hz if self._takes_samples_as_they_are else 0.0,
            rate_hz=rate_hz,
            zero_phase=bool(self._argument("zerophase_resample")),
        )
        return pieces_of(self.module, self._arguments, recording, stations, wanted, rate_hz, notices)

    @property
    def window_shape(self) -> tuple[int, int]:
        """Components and samples of one window."""
        # DKPN makes five features of three components.
        return int(getattr(self.module, "in_channels", len(self.card.component_order))), int(self.module.in_samples)

    def step(self, windows: Any, forward: Any) -> Any:
        """SeisBench's preparation of windows, `forward`, and SeisBench's reading of what comes out."""
        prepared = self.module.annotate_batch_pre(windows, argdict=self._batch_arguments)
        prepared, keep = prepared if isinstance(prepared, tuple) else (prepared, None)
        return self._read(forward(prepared), keep)

    @property
    def _batch_arguments(self) -> dict[str, Any]:
        return self._arguments | {"sampling_rate": self.module.sampling_rate}

    def _read(self, outputs: Any, keep: Any = None) -> Any:
        outputs = self.module.annotate_batch_post(outputs, piggyback=keep, argdict=self._batch_arguments)
        if outputs.ndim == 1 or (outputs.ndim == 2 and self.module.output_type == "array"):
            outputs = outputs[..., None]
        return outputs

    def reading(self, recording: xr.Dataset, station: str) -> Any:
        """The network and its windows of one station, as a :class:`~workbench.pickers.windows.Reading`."""
        from workbench.pickers.windows import Reading

        rate_hz, notices = network_rate(recording, self.card), rate_notices(recording, self.card)
        pieces = list(self._pieces(one_station(recording, station), [station], rate_hz, notices))
        prepare, network = _apart(self.module, self._batch_arguments)
        plan, first_s = self._plan(), 0.0 if self.module.output_type == "array" else self.module.pred_sample / rate_hz
        output_s = dict.fromkeys(self._labels, first_s)
        labels = tuple(self._labels)
        return Reading(plan, pieces, rate_hz, prepare, network, self._read, labels, output_s, notices=tuple(notices))

    @cached_property
    def _outputs_per_window(self) -> int:
        """Length of the curve that comes out of one window; found by running one of zeros."""
        import torch

        with torch.inference_mode():
            return int(self.step(torch.zeros((1, *self.window_shape)), self.module).shape[1])

    def window_tensor(self, recording: xr.Dataset, station: str, start: pd.Timestamp) -> Any:
        """The network's input for one window that begins at `start`; see :class:`~workbench.pickers.base.TorchPicker`.

        Raises
        ------
        PickerError
            If the station has no samples there.
        """
        import torch

        rate_hz = network_rate(recording, self.card)
        one = one_station(recording, station)
        offset = round((pd.Timestamp(start) - pd.Timestamp(recording["time"].values[0])).total_seconds() * rate_hz)
        for piece in self._pieces(one, [station], rate_hz, []):
            first = min(offset - piece.start, piece.samples.shape[-1] - self.module.in_samples)
            if first >= 0 and offset - piece.start < piece.samples.shape[-1]:
                window = torch.from_numpy(piece.samples[:, first : first + self.module.in_samples].copy()[np.newaxis])
                prepared = self.module.annotate_batch_pre(window, argdict=self._arguments)
                return prepared[0] if isinstance(prepared, tuple) else prepared
        raise PickerError(f"{station} has no samples at {start}.")


def remote_weights(class_name: str) -> list[str]:
    """Names of the weights of one of its classes on SeisBench's server.

    Raises
    ------
    RequirementError
        If it cannot be reached.
    """
    import requests
    import seisbench
    import seisbench.models

    cls = getattr(seisbench.models, class_name)
    try:
        # SeisBench itself waits without a limit.
        requests.head(cls._remote_path(), timeout=PATIENCE_S)
        listing = seisbench.util.ls_webdav(cls._remote_path(), precheck_timeout=0)
    except (requests.RequestException, ValueError) as error:
        raise RequirementError(
            f"SeisBench's server ({seisbench.remote_root}) did not give its list of weights ({type(error).__name__}). "
            "Connect to the internet and try again, or put weights into SeisBench's cache folder by hand."
        ) from error
    names = {cls._parse_weight_filename(file)[0] for file in listing}
    return sorted(name for name in names if name)


def fetch_files(class_name: str, weights_name: str, report: Report = silent) -> None:
    """Put the newest version of a set of weights into SeisBench's cache; half a download leaves nothing behind.

    Raises
    ------
    UnknownNameError
        If the server has no such weights.
    RequirementError
        If it cannot be reached.
    """
    import requests
    import seisbench.models

    known = remote_weights(class_name)
    if weights_name not in known:
        raise UnknownNameError(f"set of weights of {class_name} on SeisBench's server", weights_name, known)
    cls = getattr(seisbench.models, class_name)
    place = cache_folder() / class_name.lower()
    place.mkdir(parents=True, exist_ok=True)
    try:
        version = newest_version(cls.list_versions(weights_name, remote=True))
        settings_name, tensors_name = cls._get_remote_names(weights_name, version)
        with tempfile.TemporaryDirectory(dir=place, prefix=".fetching-") as folder:
            for remote_name, kind in ((tensors_name, "pt"), (settings_name, "json")):
                url, partial = f"{cls._remote_path()}/{remote_name}", Path(folder) / kind
                download(url, partial, lambda share: report(share, f"fetching {class_name} {weights_name}"))
            for kind in ("pt", "json"):
                (Path(folder) / kind).replace(place / f"{weights_name}.{kind}.v{version}")
    except (requests.RequestException, ValueError) as error:
        raise RequirementError(f"{class_name} {weights_name} could not be fetched: {_one_line(error)}.") from error
