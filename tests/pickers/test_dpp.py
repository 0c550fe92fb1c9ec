"""DeepPhasePick: windowing of our own around SeisBench's bare networks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workbench.errors import PickerError
from workbench.inference.picking import picks_from
from workbench.pickers import open_picker
from workbench.schema import make_recording

Save = Callable[..., Path]


def recording_of(waveform: np.ndarray, components: str = "ENZ") -> xr.Dataset:
    return make_recording(
        waveform[np.newaxis],
        stations=["XX.A."],
        components=list(components),
        start="2024-01-01",
        sampling_rate_hz=100,
        recording_id="r",
        source="test",
    )


def test_detector_by_itself_says_that_its_curve_is_coarse(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("dpp", str(save_random(tmp_path, "DPPDetector", "mine")))
    annotations = picker.annotate(recording_of(np.random.default_rng(0).normal(size=(3, 2000))))
    assert "the detector's coarse curve stands for P and S" in annotations.attrs["notices"]


def test_probability_stands_where_the_onset_is_in_the_window(
    tmp_path: Path, save_random: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A detector that fires when the largest sample is at 0.7 of the window for P, in the middle for S."""
    import torch

    picker = open_picker("dpp", str(save_random(tmp_path, "DPPDetector", "mine")))

    def fire(windows: Any) -> Any:
        at = windows[:, 2].abs().argmax(dim=-1)
        clear = windows[:, 2].abs().mean(dim=-1) < 0.02
        found = torch.stack([((at - 336).abs() < 5) & clear, ((at - 240).abs() < 5) & clear, at < 0], dim=1)
        return found.float()

    monkeypatch.setattr(picker, "module", _Instead(picker.module, fire))
    waveform = np.random.default_rng(0).normal(size=(3, 3000))
    waveform[2, 1500] = 1000
    picks = picks_from(picker.annotate(recording_of(waveform)), picker.card, {"P": 0.9, "S": 0.9})
    onset = pd.Timestamp("2024-01-01T00:00:15")
    assert sorted(picks["phase"]) == ["P", "S"]
    assert ((picks["time"] - onset).abs() <= pd.Timedelta(milliseconds=50)).all()


class _Instead:
    """A module with another forward pass."""

    def __init__(self, module: Any, forward: Callable[[Any], Any]) -> None:
        self._module, self._forward = module, forward

    def __call__(self, windows: Any) -> Any:
        return self._forward(windows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def test_pickers_beside_the_detector_put_the_onset_to_the_sample(
    tmp_path: Path, save_random: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(tmp_path))
    models = tmp_path / "models" / "v3"
    save_random(models / "dppdetector", "DPPDetector", "mine", version="1")
    for mode in "PS":
        save_random(models / "dpppicker", "DPPPicker", f"mine_{mode}", version="1", mode=mode)
    picker = open_picker("dpp", "mine")
    assert sorted(picker.pickers) == ["P", "S"]
    with torch.inference_mode():
        assert picker.pickers["P"](torch.zeros(1, 1, 480)).shape == (1, 480)
        assert picker.pickers["S"](torch.zeros(1, 2, 480)).shape == (1, 480)

    def fire(windows: Any) -> Any:
        at = windows[:, 2].abs().argmax(dim=-1)
        clear = windows[:, 2].abs().mean(dim=-1) < 0.02
        return torch.stack([((at - 336).abs() < 12) & clear, at < 0, at < 0], dim=1).float()

    def after(windows: Any) -> Any:
        return (torch.arange(480) >= windows[:, 0].abs().argmax(dim=-1, keepdim=True)).float()

    monkeypatch.setattr(picker, "module", _Instead(picker.module, fire))
    monkeypatch.setitem(picker.pickers, "P", after)
    waveform = np.random.default_rng(0).normal(size=(3, 3000))
    waveform[2, 1537] = 1000
    annotations = picker.annotate(recording_of(waveform))
    picks = picks_from(annotations, picker.card)
    assert list(picks["time"]) == [pd.Timestamp("2024-01-01T00:00:15.37")]
    assert "coarse" not in annotations.attrs["notices"]


def test_picker_weights_without_a_mode_are_told(
    tmp_path: Path, save_random: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(tmp_path))
    save_random(tmp_path / "models/v3/dppdetector", "DPPDetector", "mine", version="1")
    save_random(tmp_path / "models/v3/dpppicker", "DPPPicker", "mine_P", version="1", mode="P")
    (tmp_path / "models/v3/dpppicker/mine_P.json.v1").write_text(json.dumps({}))
    with pytest.raises(PickerError, match="does not say whether it is a P or an S picker"):
        open_picker("dpp", "mine")


def test_real_detector_finds_most_onsets_of_northern_california(shared_data: Path, seisbench_cache: Path) -> None:
    picker = open_picker("dpp", "original")
    found = {"P": 0, "S": 0}
    n_records = 0
    for file in sorted((shared_data / "ncedc").glob("*.npz"))[:8:2]:
        with np.load(file) as content:
            waveform, onsets = content["data"].T, {"P": content["itp"], "S": content["its"]}
        if (waveform.std(axis=1) == 0).any():
            continue
        n_records += 1
        picks = picks_from(picker.annotate(recording_of(waveform)), picker.card)
        for phase, sample in onsets.items():
            onset = pd.Timestamp("2024-01-01") + pd.Timedelta(seconds=float(np.ravel(sample)[0]) / 100)
            near = (picks.loc[picks["phase"] == phase, "time"] - onset).abs() < pd.Timedelta(seconds=0.5)
            found[phase] += bool(near.any())
    assert n_records >= 3
    assert found["P"] / n_records >= 0.7
    assert found["S"] / n_records >= 0.5
