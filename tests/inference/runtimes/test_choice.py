"""The fastest runtime that says the same as torch is chosen, once, and what goes wrong with one leads to another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import xarray as xr
from onnxruntime.capi import onnxruntime_pybind11_state as states

from workbench.errors import PickerError
from workbench.inference import run
from workbench.inference.run import annotate
from workbench.inference.runtimes import choice, onnx_runtime
from workbench.inference.runtimes.agreement import made_windows
from workbench.inference.runtimes.choice import choose, forget_choices, known_choice
from workbench.inference.runtimes.exports import exported, exports_folder
from workbench.pickers import TorchPicker, open_picker
from workbench.schema import make_recording


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    forget_choices()
    monkeypatch.setattr(run, "_windows_seen", {})
    yield
    forget_choices()


@pytest.fixture
def path(tmp_path: Path, save_random: Callable[..., Path]) -> str:
    return str(save_random(tmp_path, "PhaseNetLight", "random"))


@pytest.fixture
def picker(path: str) -> TorchPicker:
    return open_picker("phasenetlight", path)


def only(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    table = {name: choice.RUNTIMES.target(name) for name in names}
    monkeypatch.setattr(choice, "RUNTIMES", type(choice.RUNTIMES)("runtime", table))


def recording_of(duration_s: float) -> xr.Dataset:
    waveform = np.random.default_rng(0).normal(0, 100, (1, 3, round(duration_s * 100))).astype(np.float32)
    return make_recording(
        waveform,
        stations=["XX.A."],
        components="ZNE",
        start=np.datetime64("2024-01-01", "ns"),
        sampling_rate_hz=100.0,
        recording_id="r1",
        source="test",
    )


def test_the_fastest_is_chosen_and_said(picker: TorchPicker, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    monkeypatch.setattr(choice, "_race", lambda _, candidates: ({"torch": 2.0, "onnxruntime": 0.5}, []))
    chosen = choose(picker)
    assert chosen.execution.name == "onnxruntime"
    assert chosen.words.startswith("ONNX Runtime")
    assert chosen.words.endswith("4.0 times as fast as torch here")
    assert known_choice(picker) is chosen
    assert known_choice(picker, "fast") is None


def test_torch_stays_where_nothing_is_faster(picker: TorchPicker, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    monkeypatch.setattr(choice, "_race", lambda _, candidates: ({"torch": 1.0, "onnxruntime": 1.5}, []))
    assert choose(picker).words == choose(picker).execution.words
    assert choose(picker).execution.name == "torch"


def test_a_runtime_that_fails_on_a_full_batch_leaves_the_race_and_that_is_said(
    picker: TorchPicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    measure = choice._ms_a_window

    def narrow(execution: Any, *arguments: Any) -> float:
        if execution.name == "onnxruntime":
            raise RuntimeError("no kernel for so many windows")
        return measure(execution, *arguments)

    monkeypatch.setattr(choice, "_ms_a_window", narrow)
    chosen = choose(picker)
    assert chosen.execution.name == "torch"
    assert chosen.remarks == ("ONNX Runtime failed on a full batch: no kernel for so many windows",)


def test_a_runtime_that_says_something_else_is_not_used_and_that_is_said(
    picker: TorchPicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    forward = onnx_runtime.FromArrays._forward
    monkeypatch.setattr(onnx_runtime.FromArrays, "_forward", lambda self, windows: forward(self, windows) * 0.9)
    chosen = choose(picker)
    assert chosen.execution.name == "torch"
    assert "ONNX Runtime is not used for PhaseNetLight random: its probabilities are up to" in chosen.remarks[0]


@pytest.mark.parametrize(("mode", "exact"), [("fast", False), ("fast", True), ("exact", True)])
def test_the_price_of_less_precision_is_told_where_there_is_less(
    path: str, mode: str, exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    monkeypatch.setattr(onnx_runtime.OnnxRuntime, "exact", exact)
    monkeypatch.setattr(choice, "_race", lambda _, candidates: ({"torch": 2.0, "onnxruntime": 0.5}, []))
    annotations = annotate(recording_of(1600), "phasenetlight", path, mode=mode)
    assert annotations.attrs["runtime"].startswith("ONNX Runtime")
    assert ("87 to 93 % of the exact picks" in annotations.attrs["notices"]) == (not exact)


def test_a_network_that_cannot_be_exported_runs_in_torch_and_that_is_said(
    picker: TorchPicker, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "torch", "onnxruntime")

    def fail(*arguments: object, **settings: object) -> None:
        raise PickerError("PhaseNetLight cannot be exported to ONNX: no such operation")

    monkeypatch.setattr(onnx_runtime, "exported", fail)
    annotations = annotate(recording_of(1600), "phasenetlight", path)
    assert annotations.attrs["runtime"].startswith("torch")
    assert "no such operation" in annotations.attrs["notices"]


def test_an_export_that_cannot_be_rewritten_runs_as_it_came(
    picker: TorchPicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(model: Any) -> None:
        del model.graph.node[:]
        raise KeyError("joined")

    monkeypatch.setattr("workbench.inference.runtimes.onnx_form.faster_form", spoil)
    windows = made_windows(picker.window_shape, 4)
    plain = exported(picker, windows, anew=True)
    assert "BatchNormalization" in {node.op_type for node in onnx.load(plain).graph.node}, "not rewritten"
    (outputs,) = onnx_runtime.OnnxRuntime().open(picker, windows).run([windows], picker.step)
    (expected,) = choice.RUNTIMES.create("torch").open(picker, windows).run([windows], picker.step)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


class FailingSession:
    """A session of ONNX Runtime that raises what a real one does."""

    def __init__(self, session: Any, error: Exception, most_windows: int) -> None:
        self._session, self._error, self._most = session, error, most_windows

    def run(self, names: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        if len(inputs["windows"]) > self._most:
            raise self._error
        return list(self._session.run(names, inputs))


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception, most_windows: int) -> None:
    session = onnx_runtime._session
    monkeypatch.setattr(onnx_runtime, "_session", lambda model: FailingSession(session(model), error, most_windows))


def test_a_network_that_fails_in_onnx_runtime_runs_in_torch_and_that_is_said(
    picker: TorchPicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    failing(monkeypatch, states.RuntimeException("Non-zero status code returned"), most_windows=0)
    chosen = choose(picker)
    assert chosen.execution.name == "torch"
    assert "ONNX Runtime cannot run PhaseNetLight random: Non-zero status code" in chosen.remarks[0]


def test_where_memory_does_not_suffice_onnx_runtime_takes_fewer_windows(
    picker: TorchPicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, states.RuntimeException("Failed to allocate memory for requested buffer"), most_windows=2)
    windows = made_windows(picker.window_shape, 8)
    execution = onnx_runtime.OnnxRuntime().open(picker, windows)
    (outputs,) = execution.run([windows], picker.step)
    assert (len(outputs), execution.batch_size) == (8, 2)


def test_a_network_that_onnx_runtime_cannot_load_is_refused() -> None:
    with pytest.raises(PickerError, match="ONNX Runtime refuses the network"):
        onnx_runtime._session(b"no graph at all")


def test_windows_that_the_network_does_not_take_are_a_runtime_error(picker: TorchPicker) -> None:
    execution = onnx_runtime.OnnxRuntime().open(picker, made_windows(picker.window_shape))
    with pytest.raises(RuntimeError, match="Invalid rank"):
        list(execution.run([torch.zeros(1, 3)], lambda windows, forward: forward(windows)))


def test_a_second_process_does_not_measure_again(picker: TorchPicker, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    monkeypatch.setattr(choice, "_race", lambda _, candidates: ({"torch": 2.0, "onnxruntime": 0.5}, []))
    first = choose(picker)
    forget_choices()

    def fail(*arguments: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(choice, "_race", fail)
    assert choose(picker).words == first.words


@pytest.mark.parametrize("damage", [b"", b"{", b'{"ms": {}}', b"[]"])
def test_a_damaged_note_of_what_was_measured_is_made_again(
    damage: bytes, picker: TorchPicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "torch")
    choose(picker)
    (file,) = exports_folder().glob("*.json")
    file.write_bytes(damage)
    forget_choices()
    assert choose(picker).execution.name == "torch"
    assert json.loads(file.read_text())["names"] == ["torch"]


def test_a_damaged_export_is_made_again(picker: TorchPicker, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    monkeypatch.setattr(choice, "_race", lambda _, candidates: ({"torch": 2.0, "onnxruntime": 0.5}, []))
    choose(picker)
    (file,) = exports_folder().glob("*.onnx")
    whole = file.read_bytes()
    file.write_bytes(whole[:1000])
    forget_choices()
    assert choose(picker).execution.name == "onnxruntime"
    assert len(file.read_bytes()) == len(whole)


def test_a_cache_folder_that_cannot_be_written_costs_the_runtime_and_not_the_picks(
    picker: TorchPicker, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    exports_folder().parent.mkdir(parents=True, exist_ok=True)
    exports_folder().write_text("in the way")
    annotations = annotate(recording_of(1600), "phasenetlight", path)
    assert annotations.attrs["runtime"].startswith("torch")
    assert "The export of PhaseNetLight cannot be kept in" in annotations.attrs["notices"]


def test_a_short_recording_is_not_worth_choosing_for(
    picker: TorchPicker, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "torch", "onnxruntime")
    assert annotate(recording_of(60), "phasenetlight", path).attrs["runtime"].startswith("torch")
    assert known_choice(picker) is None
    annotate(recording_of(1600), "phasenetlight", path)
    assert known_choice(picker) is not None


def test_want_of_memory_is_said(picker: TorchPicker, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = picker.module.forward

    def cramped(windows: torch.Tensor) -> torch.Tensor:
        if len(windows) > 8:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4 GB")
        return forward(windows)

    whole = annotate(recording_of(600), "phasenetlight", path)
    monkeypatch.setattr(picker.module, "forward", cramped)
    monkeypatch.setattr(run, "_windows_seen", {})
    annotations = annotate(recording_of(600), "phasenetlight", path)
    assert "Memory did not suffice for 32 windows at once: from then on, 8 were run." in annotations.attrs["notices"]
    np.testing.assert_allclose(annotations["probability"], whole["probability"], atol=1e-6)
