"""A XiaoNet in ONNX Runtime: the network of an edge station, without torch in the process."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from workbench.errors import PickerError, RequirementError
from workbench.processing.grid import Grid

__all__ = ["OnnxNetwork"]


class OnnxNetwork:
    """A network of :func:`workbench.inference.onnx_export.export_onnx`, to be given to a stream picker.

    Parameters
    ----------
    path
        Of the ``.onnx`` file.
    threads
        Of one run.

    Raises
    ------
    RequirementError
        If the package onnxruntime is not on this computer.
    PickerError
        If the file cannot be read, or is of another network.
    """

    def __init__(self, path: str | Path, *, threads: int = 1, grid: Grid | None = None) -> None:
        try:
            import onnxruntime
            from onnxruntime.capi import onnxruntime_pybind11_state as states
        except ImportError as error:
            raise RequirementError(
                "ONNX files run in the package 'onnxruntime'. Install it with: pip install 'seismic-workbench[edge]'"
            ) from error
        if not Path(path).is_file():
            raise PickerError(f"There is no file {path}.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        # ONNX Runtime's errors have no common class of their own.
        refusals = tuple(
            kind for kind in vars(states).values() if isinstance(kind, type) and issubclass(kind, Exception)
        )
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except refusals as error:
            raise PickerError(f"{path} is no ONNX file that can be run: {str(error).splitlines()[0]}") from error
        notes = self._session.get_modelmeta().custom_metadata_map
        if notes.get("network") != "xiaonet":
            raise PickerError(
                f"{path} is an ONNX file of {notes.get('network') or 'an unnamed network'}, not of a XiaoNet."
            )
        self.size = notes["size"]
        self.weights_hash = notes["weights_hash"]
        self.thresholds: dict[str, float] = json.loads(notes["thresholds"])
        self.grid = grid or Grid()

    def evaluate(self, windows: np.ndarray) -> np.ndarray:
        """P, S and noise of windows of shape (window, 3, 3000), NaN where samples are missing."""
        outputs = self._session.run(None, {"windows": np.ascontiguousarray(windows, np.float32)})
        return np.asarray(outputs[0])
