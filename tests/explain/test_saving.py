"""Explanations as files: what is written is read back, and what stood there is kept if anything fails."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

from tests.explain.made import OTHER, made_attention, made_attribution, made_checks, made_recording
from workbench.errors import SchemaError, SourceError
from workbench.explain.netcdf import read_explanation
from workbench.explain.saving import EXPLANATION_ENDINGS, check_explanation_path, save_explanation


def test_netcdf_reopens_equal(tmp_path: Path) -> None:
    attribution, attention = made_attribution(made_recording()), made_attention()
    path = save_explanation(tmp_path / "why.nc", made_recording(), attribution, made_checks(), attention)
    with xr.open_dataset(path, engine="h5netcdf") as plain:
        xr.testing.assert_identical(plain.load(), attribution)
    again, checks, layers = read_explanation(path)
    xr.testing.assert_identical(again, attribution)
    for layer, was in zip(layers, attention, strict=True):
        xr.testing.assert_identical(layer, was)
    for check, was in zip(checks, made_checks(), strict=True):
        assert (check.name, check.title, check.verdict, check.words) == (was.name, was.title, was.verdict, was.words)
        np.testing.assert_equal(dict(check.figures), dict(was.figures))
        assert list(check.curves) == list(was.curves)
        for name in was.curves:
            np.testing.assert_array_equal(check.curves[name], was.curves[name])


def test_an_attribution_alone_can_be_saved(tmp_path: Path) -> None:
    attribution = made_attribution(made_recording(), baseline="", convergence_delta=np.nan, baseline_value=np.nan)
    for ending in EXPLANATION_ENDINGS:
        assert save_explanation(tmp_path / f"why{ending}", made_recording(), attribution).stat().st_size > 1000
    again, checks, layers = read_explanation(tmp_path / "why.nc")
    xr.testing.assert_identical(again, attribution)
    assert (checks, layers) == ([], [])
    page = (tmp_path / "why.html").read_text(encoding="utf-8")
    assert "not checked" in page
    assert "not promised by this method" in page
    assert "nan" not in page.lower().split("base64")[0]


def test_the_picture_shows_what_speaks_for_and_against(tmp_path: Path) -> None:
    path = save_explanation(tmp_path / "why.png", made_recording(), made_attribution(made_recording()))
    pixels = np.round(imread(path)[..., :3] * 255).astype(int)
    n_for, n_against = ((np.abs(pixels - colour).sum(axis=2) < 12).sum() for colour in ((0, 102, 79), (163, 25, 127)))
    assert n_for > 2 * n_against > 100


def test_the_report_needs_nothing_else(tmp_path: Path) -> None:
    attribution = made_attribution(made_recording())
    path = save_explanation(tmp_path / "why.html", made_recording(), attribution, made_checks(), made_attention())
    page = path.read_text(encoding="utf-8")
    assert re.findall(r"(?:src|href)=\"(?!data:image/png)|@import|url\(|<script|<link", page) == []
    assert page.count("data:image/png;base64,") == page.count('<img alt="') == 2
    for check in made_checks()[:5]:
        assert check.title in page
        assert check.words in page
    assert "Not for &lt;this&gt; picker." in page
    assert "hengill &lt;1&gt;" in page
    assert "hengill <1>" not in page
    for wanted in ("do not rely on it yet", "3f9a1c0011223344", "captum 0.9.0", "steps = 50", "03:00:42.340 UTC"):
        assert wanted in page
    assert page.count("<svg") == 2
    assert page.count('class="share"') == 3 + 5
    assert "50 % for, 24 % against" in page


def test_a_report_that_is_saved_before_all_checks_are_made_says_so(tmp_path: Path) -> None:
    attribution = made_attribution(made_recording())
    path = save_explanation(tmp_path / "why.html", made_recording(), attribution, made_checks()[:2])
    page = path.read_text(encoding="utf-8")
    assert "Saved when 2 of 6 checks were made." in page
    assert "holds up so far" in page
    whole = save_explanation(tmp_path / "whole.html", made_recording(), attribution, made_checks())
    assert "so far" not in whole.read_text(encoding="utf-8").split("base64")[0]


def test_the_lane_is_of_the_layer_that_the_page_shows_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.explain import picture

    shown = []
    monkeypatch.setattr(picture, "_draw_received", lambda axis, layer, *_: shown.append(layer.attrs["title"]))
    first, local = made_attention()
    layers = [first, first.assign_attrs(title="global, layer 2"), local]
    picture.explanation_figure(made_recording(), made_attribution(made_recording()), layers)
    picture.explanation_figure(made_recording(), made_attribution(made_recording()), [local])
    assert shown == ["global, layer 2", local.attrs["title"]]


def test_a_long_name_does_not_leave_the_picture(tmp_path: Path) -> None:
    recording = made_recording("XX.A_STATION_WITH_A_NAME_THAT_IS_VERY_LONG_INDEED_" + "X" * 100)
    attribution = made_attribution(recording, str(recording["station"].values[0]), picker="p" * 200)
    save_explanation(tmp_path / "why.png", recording, attribution)
    assert imread(tmp_path / "why.png").shape[1] == 1500


def test_a_dead_component_and_a_short_window_are_drawn(tmp_path: Path) -> None:
    recording = made_recording()
    recording["waveform"].loc[{"component": "N"}] = np.nan
    attribution = made_attribution(
        recording, window_s=4.0, window_start=made_attribution(recording).attrs["target_time"]
    )
    save_explanation(tmp_path / "why.png", recording, attribution)
    assert imread(tmp_path / "why.png").shape[1] == 1500


@pytest.mark.parametrize("ending", EXPLANATION_ENDINGS)
def test_what_stood_there_is_kept_if_writing_fails(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"why{ending}"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(SourceError, match="No space left on device"):
        save_explanation(path, made_recording(), made_attribution(made_recording()))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "old"


def test_bad_places_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"\.nc, \.png, \.html"):
        check_explanation_path(tmp_path / "why.pdf")
    with pytest.raises(SourceError, match="no folder"):
        check_explanation_path(tmp_path / "nowhere" / "why.nc")
    (tmp_path / "why.nc").mkdir()
    with pytest.raises(SourceError, match="is a folder"):
        check_explanation_path(tmp_path / "why.nc")


def test_the_attribution_of_another_recording_is_refused(tmp_path: Path) -> None:
    attribution = made_attribution(made_recording())
    with pytest.raises(SchemaError, match="give the recording that was explained"):
        save_explanation(tmp_path / "why.nc", made_recording().isel(station=[1]), attribution)
    with pytest.raises(SchemaError, match="give the recording that was explained"):
        save_explanation(tmp_path / "why.nc", made_recording(OTHER + "X"), attribution)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_netcdf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "why.nc").write_text(json.dumps({}))
    for name in ("why.nc", "gone.nc"):
        with pytest.raises(SourceError, match="could not be read"):
            read_explanation(tmp_path / name)
