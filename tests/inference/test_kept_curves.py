"""Curves come back from disk as they were, a damaged file costs a run and nothing else, and the folder stays small."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from workbench.inference import drafts, kept_curves
from workbench.inference.kept_curves import KeptCurves, annotate_or_recall, curves_key
from workbench.pickers import open_picker
from workbench.pickers.segments import library_versions
from workbench.schema import make_recording


def recording_of(seed: int = 0, duration_s: float = 20.0, recording_id: str = "r1") -> xr.Dataset:
    waveform = np.random.default_rng(seed).normal(0, 100, (1, 3, round(duration_s * 100))).astype(np.float32)
    return make_recording(
        waveform,
        stations=["XX.A."],
        components="ZNE",
        start=np.datetime64("2024-01-01T00:00:00.12", "ns"),
        sampling_rate_hz=100.0,
        recording_id=recording_id,
        source="test",
    )


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the pickers that really ran."""
    ran: list[str] = []
    annotate = kept_curves.annotate

    def counting(recording: xr.Dataset, picker: str, *arguments: object, **settings: object) -> xr.Dataset:
        ran.append(picker)
        return annotate(recording, picker, *arguments, **settings)

    monkeypatch.setattr(kept_curves, "annotate", counting)
    return ran


def test_a_second_visit_costs_no_run(counted: list[str]) -> None:
    first = annotate_or_recall(recording_of(), "sta_lta")
    second = annotate_or_recall(recording_of(), "sta_lta")
    xr.testing.assert_identical(first, second)
    assert counted == ["sta_lta"]


def test_the_same_samples_under_another_name_are_known(counted: list[str]) -> None:
    annotate_or_recall(recording_of(), "sta_lta")
    assert annotate_or_recall(recording_of(recording_id="r2"), "sta_lta").attrs["recording_id"] == "r2"
    assert len(counted) == 1


def test_other_samples_weights_settings_and_modes_are_other_curves(
    tmp_path: Path, save_random: Callable[..., Path]
) -> None:
    recording = recording_of()
    one = open_picker("phasenetlight", str(save_random(tmp_path, "PhaseNetLight", "one")))
    other = open_picker("phasenetlight", str(save_random(tmp_path, "PhaseNetLight", "other", phases="NPS")))
    keys = {
        curves_key(recording, one, "exact", {}),
        curves_key(recording_of(1), one, "exact", {}),
        curves_key(recording, other, "exact", {}),
        curves_key(recording, one, "draft", {}),
        curves_key(recording, one, "exact", {"overlap": 0.9}),
    }
    assert len(keys) == 5
    assert curves_key(recording, one, "exact", {}) in keys


def test_another_threshold_of_the_draft_makes_other_drafts_and_the_same_exact_curves(
    tmp_path: Path, save_random: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    picker = open_picker("phasenetlight", str(save_random(tmp_path, "PhaseNetLight", "one")))
    before = {mode: curves_key(recording_of(), picker, mode, {}) for mode in ("exact", "draft")}
    monkeypatch.setattr(drafts, "DRAFT_THRESHOLD", 0.02)
    assert curves_key(recording_of(), picker, "exact", {}) == before["exact"]
    assert curves_key(recording_of(), picker, "draft", {}) != before["draft"]


@pytest.mark.parametrize(("name", "library"), [("sta_lta", "obspy"), ("phasenetlight", "seisbench")])
def test_another_version_of_a_library_makes_other_curves(
    name: str, library: str, tmp_path: Path, save_random: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = str(save_random(tmp_path, "PhaseNetLight", "one")) if name == "phasenetlight" else ""
    picker = open_picker(name, weights)
    before = curves_key(recording_of(), picker, "exact", {})
    monkeypatch.setattr(
        kept_curves,
        "library_versions",
        lambda *names: library_versions(*names) | ({library: "0"} if library in names else {}),
    )
    assert curves_key(recording_of(), picker, "exact", {}) != before


@pytest.mark.parametrize("damage", ["cut", "empty", "changed", "not curves"])
def test_a_damaged_file_is_thrown_away_and_made_again(damage: str, counted: list[str], own_folders: Path) -> None:
    whole = annotate_or_recall(recording_of(), "sta_lta")
    (file,) = (own_folders / "cache" / "curves").glob("*.npz")
    content = bytearray(file.read_bytes())
    if damage == "changed":
        content[len(content) // 2] ^= 0xFF
    elif damage == "not curves":
        np.savez(file, other=np.zeros(3))
        content = bytearray(file.read_bytes())
    file.write_bytes({"cut": content[:200], "empty": b""}.get(damage, bytes(content)))
    again = annotate_or_recall(recording_of(), "sta_lta")
    xr.testing.assert_identical(whole, again)
    assert len(counted) == 2
    annotate_or_recall(recording_of(), "sta_lta")
    assert len(counted) == 2


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    annotations = open_picker("sta_lta").annotate(recording_of())
    kept = KeptCurves(tmp_path)
    kept.keep("a", annotations)
    size = (tmp_path / "a.npz").stat().st_size
    kept = KeptCurves(tmp_path, bytes_kept=round(2.5 * size), trim_every=1)
    kept.keep("b", annotations)
    for at, name in enumerate(("a", "b")):
        os.utime(tmp_path / f"{name}.npz", (1_000 + at, 1_000 + at))
    assert kept.recall("a") is not None
    kept.keep("c", annotations)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["a", "c"]


def test_the_folder_is_looked_through_at_the_first_and_every_third_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trims: list[int] = []
    kept = KeptCurves(tmp_path, trim_every=3)
    monkeypatch.setattr(KeptCurves, "_trim", lambda self: trims.append(len(list(self.folder.iterdir()))))
    annotations = open_picker("sta_lta").annotate(recording_of())
    for name in "abcdefg":
        kept.keep(name, annotations)
    assert trims == [1, 4, 7]


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    annotations = open_picker("sta_lta").annotate(recording_of())
    unfinished = tmp_path / ".writing-abc.npz"
    unfinished.write_bytes(bytes(100_000))
    os.utime(unfinished, (1_000, 1_000))
    kept = KeptCurves(tmp_path, bytes_kept=annotations.nbytes + 10_000, trim_every=1)
    kept.keep("a", annotations)
    kept.keep("b", annotations)
    assert unfinished.exists()
    assert kept.recall("a") is None


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = KeptCurves(tmp_path / "file" / "curves")
    kept.keep("a", open_picker("sta_lta").annotate(recording_of()))
    assert kept.recall("a") is None
