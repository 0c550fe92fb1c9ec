"""Draft mode runs fewer windows, and says of what it runs exactly what a run over everything says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import obspy
import pytest
import xarray as xr

from workbench.errors import PickerError
from workbench.inference import drafts
from workbench.inference.drafts import Drafts, drafts_of
from workbench.inference.picking import picks_from
from workbench.inference.run import annotate
from workbench.pickers import TorchPicker, open_picker
from workbench.schema import make_recording


def recording_of(duration_s: float = 300.0, onset_s: float = 150.0) -> xr.Dataset:
    """Two stations: an onset on the first, noise on the second."""
    chance = np.random.default_rng(5)
    waveform = chance.normal(0, 10, (2, 3, round(duration_s * 100)))
    for at, amplitudes in ((onset_s, (600, 100, 100)), (onset_s + 4, (200, 1200, 1200))):
        time_s = np.arange(waveform.shape[2] - round(at * 100)) / 100
        waveform[0, :, round(at * 100) :] += np.array(amplitudes)[:, None] * np.exp(-time_s) * np.sin(50 * time_s)
    return make_recording(
        waveform.astype(np.float32),
        stations=["XX.A.", "XX.B."],
        components="ZNE",
        start=np.datetime64("2024-01-01T00:00:00.12", "ns"),
        sampling_rate_hz=100.0,
        recording_id="r",
        source="test",
    )


def test_windows_that_meet_a_stretch_are_wanted() -> None:
    wanted = Drafts([np.array([[10.0, 12.0], [50.0, 51.0]]), np.empty((0, 2))], 100.0)
    firsts = np.array([0, 500, 1200, 1300, 4000, 5100, 5200])
    np.testing.assert_array_equal(wanted(0, firsts, 500), [False, True, True, False, False, True, False])
    assert not wanted(1, firsts, 500).any()
    assert (wanted.n_windows, wanted.n_run) == (14, 3)
    assert "saw nothing in 11 of 14 windows" in wanted.words


def test_drafts_hold_the_onset_and_little_else() -> None:
    found = drafts_of(recording_of(), 100.0)
    firsts = np.arange(0, 30_000, 100)
    onset, quiet = found(0, firsts, 100), found(1, firsts, 100)
    assert onset[145:160].any()
    assert onset[150]
    assert onset.mean() < 0.3
    assert quiet.mean() < 0.3


@pytest.mark.parametrize("name", ["phasenetlight", "eqtransformer", "gpd"])
def test_what_is_run_equals_a_run_over_everything(
    name: str, tmp_path: Path, save_random: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class_name, arguments = {
        "phasenetlight": ("PhaseNetLight", {}),
        "eqtransformer": ("EQTransformer", {}),
        "gpd": ("GPD", {"phases": "PSN"}),
    }[name]
    picker = open_picker(name, str(save_random(tmp_path, class_name, "random", **arguments)))
    assert isinstance(picker, TorchPicker)
    recording = recording_of()
    # Batches of one, for the last bit of a window hangs on how many are run with it.
    monkeypatch.setattr(picker, "batch_size", 1)
    whole = picker.annotate(recording)["probability"].values
    where = Drafts([np.array([[100.0, 101.0], [250.0, 252.0]]), np.empty((0, 2))], 100.0)
    drafted = picker.annotate(recording, where=where)
    curves = drafted["probability"].values
    seen = np.isfinite(curves)
    np.testing.assert_array_equal(curves[seen], whole[seen])
    assert not seen[1].any()
    assert 0 < where.n_run < where.n_windows / 2
    rate_hz = drafted.attrs["sampling_rate_hz"]
    for start_s, end_s in ((100.0, 101.0), (250.0, 252.0)):
        inside = slice(round(start_s * rate_hz), round(end_s * rate_hz))
        # Where a run over everything says something, so does this one.
        np.testing.assert_array_equal(seen[0, :, inside], np.isfinite(whole[0, :, inside]))


def test_a_quiet_recording_gives_empty_curves_and_no_error(tmp_path: Path, save_random: Callable[..., Path]) -> None:
    path = str(save_random(tmp_path, "PhaseNetLight", "random"))
    drafts._drafter.cache_clear()
    recording = recording_of()
    recording["waveform"].values[0] = recording["waveform"].values[1]
    annotations = annotate(recording, "phasenetlight", path, mode="draft")
    assert annotations.attrs["mode"] == "draft"
    assert "XiaoNet saw nothing in" in annotations.attrs["notices"]
    assert "96 to 100 % of the exact picks" in annotations.attrs["notices"]


def test_a_picker_without_a_network_has_no_such_mode() -> None:
    with pytest.raises(PickerError, match="has no network"):
        annotate(recording_of(), "sta_lta", mode="draft")
    with pytest.raises(PickerError, match="There is no mode 'quick'"):
        annotate(recording_of(), "sta_lta", mode="quick")


@pytest.mark.usefixtures("seisbench_cache")
def test_picks_of_real_weights_are_among_those_of_a_run_over_everything(shared_data: Path) -> None:
    files = sorted((shared_data / "continuous").rglob("*PB01*.121"))
    start = obspy.UTCDateTime("2014-05-01T00:00:00")
    traces = [obspy.read(file, starttime=start, endtime=start + 600)[0] for file in files]
    recording = make_recording(
        np.stack([trace.data[:60_000] for trace in traces])[np.newaxis].astype(np.float32),
        stations=["CX.PB01."],
        components=[trace.stats.channel[-1] for trace in traces],
        start=np.datetime64("2014-05-01", "ns"),
        sampling_rate_hz=100.0,
        recording_id="r",
        source="test",
    )
    card = open_picker("phasenet", "original").card
    whole, drafted = (
        {(pick.phase, pick.time) for pick in picks_from(annotate(recording, *names, mode=mode), card).itertuples()}
        for names in [("phasenet", "original")]
        for mode in ("exact", "draft")
    )
    assert drafted <= whole
    assert len(drafted) > 0.8 * len(whole) > 0
