"""Networks as ONNX files in the cache folder, one for each set of weights, so that the second start costs nothing."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import threading
import warnings
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch

from workbench.errors import PickerError
from workbench.inference.runtimes.onnx_folds import at_once
from workbench.inference.whole_files import write_whole
from workbench.pickers.base import TorchPicker

__all__ = ["example_input", "exported", "exports_folder", "network_key"]

_OPSET = 17
_FORM = "6"
"""Raised with every change to what an export looks like."""

_PLAIN = (str, int, float, tuple, list, dict, type(None))

_log = logging.getLogger(__name__)

_keys: WeakKeyDictionary[TorchPicker, str] = WeakKeyDictionary()

_one_export = threading.Lock()


def exports_folder() -> Path:
    """Where exports and choices of runtimes are kept."""
    from workbench.settings import load_settings

    return load_settings().cache_folder / "runtimes"


def network_key(picker: TorchPicker) -> str:
    """Stands for a network with its weights: the picker's name, the hash of the weights, and that of the module's form.

    The form counts too, for the same weights may be read with other settings, such as another length of the window or
    another norm.
    """
    if picker not in _keys:
        _keys[picker] = _network_key(picker)
    return _keys[picker]


def _network_key(picker: TorchPicker) -> str:
    given = vars(picker.module)
    # Hooks come and go; what SeisBench read from the weights' json file stays.
    plain = {name: given[name] for name in given if isinstance(given[name], _PLAIN) and not name.startswith("_")}
    plain["json"] = given.get("_weights_metadata")
    form = f"{picker.module}/{sorted(plain.items())}/{picker.window_shape}/{_FORM}/{torch.__version__}"
    # Exports are made for the processor, and the folder may be that of several computers.
    form += f"/{at_once()}"
    weights = picker.card.weights_hash or "none"
    return f"{picker.card.name}-{weights}-{hashlib.blake2b(form.encode(), digest_size=6).hexdigest()}"


def example_input(picker: TorchPicker, windows: torch.Tensor) -> torch.Tensor:
    """What the module itself gets for windows: normalised, or turned into other features."""
    seen: list[torch.Tensor] = []

    def forward(prepared: torch.Tensor) -> Any:
        seen.append(prepared.clone())
        return picker.module(prepared)

    with torch.inference_mode():
        picker.step(windows.clone(), forward)
    return seen[0].clone()


def exported(picker: TorchPicker, windows: torch.Tensor, *, anew: bool = False) -> Path:
    """Path of the network's ONNX file, made now if it is not there or `anew`.

    Input ``windows``, with any number of windows; outputs ``output_0`` and on.

    Raises
    ------
    PickerError
        If the network cannot be exported, or its file not be written; says why.
    """
    path = exports_folder() / f"{network_key(picker)}.onnx"
    with _one_export:
        if anew or not path.is_file():
            model = _export(picker, example_input(picker, windows[:2]))
            try:
                write_whole(path, lambda to: to.write_bytes(model.SerializeToString()))
            except OSError as error:
                raise PickerError(
                    f"The export of {picker.card.title} cannot be kept in {path.parent}: {error.strerror}. Make room "
                    "there, or name a folder that can be written in WORKBENCH_CACHE."
                ) from error
    return path


def _export(picker: TorchPicker, example: torch.Tensor) -> Any:
    import onnx

    from workbench.inference.runtimes.torch_form import exportable

    module = exportable(picker.module)
    with torch.inference_mode():
        outputs = picker.module(example.clone())
    names = [f"output_{number}" for number in range(len(outputs) if isinstance(outputs, tuple) else 1)]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's remarks on its own future, and on shapes in the trace
        file = Path(folder) / "network.onnx"
        try:
            torch.onnx.export(
                module,
                (example.clone(),),
                str(file),
                dynamo=False,
                opset_version=_OPSET,
                input_names=["windows"],
                output_names=names,
                dynamic_axes={name: {0: "window"} for name in ("windows", *names)},
            )
            plain = onnx.load(str(file))
        except (RuntimeError, ValueError, TypeError, torch.onnx.errors.OnnxExporterError) as error:
            words = " ".join(str(error).split())[:200]
            raise PickerError(f"{picker.card.title} cannot be exported to ONNX: {words}") from error
    return _faster(plain, picker.card.title)


def _faster(plain: Any, title: str) -> Any:
    """The export rewritten to run faster; as it was exported where that fails, for then it is still as good."""
    import onnx

    from workbench.inference.runtimes.onnx_form import faster_form

    given = onnx.ModelProto()
    given.CopyFrom(plain)
    try:
        return faster_form(given)
    except Exception:  # noqa: BLE001 - a graph may have any form, and the one that came out of the exporter runs
        _log.exception("The export of %s could not be rewritten to run faster, and stays as it is", title)
        return plain
