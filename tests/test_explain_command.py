"""``workbench explain``: what it writes, what it says where, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import obspy
import pytest
import xarray as xr
from click.testing import CliRunner, Result

from workbench.cli import cli
from workbench.explain import EXPLAINERS
from workbench.inference.picking import picks_from
from workbench.inference.run import annotate
from workbench.pickers import open_picker
from workbench.schema import check_attribution
from workbench.sources import open_source

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def recording() -> xr.Dataset:
    source = open_source("examples")
    return source.read(str(source.scan()["recording_id"].iloc[0]))


@pytest.fixture
def run(recording: xr.Dataset) -> Run:
    def command(*arguments: object, **options: object) -> Result:
        given = {"recording": recording.attrs["recording_id"], "picker": "xiaonet", "phase": "P"} | options
        named = [text for name, value in given.items() for text in (f"--{name}", str(value))]
        return CliRunner().invoke(cli, ["explain", "examples", *map(str, arguments), *named])

    return command


def only_line(result: Result) -> str:
    assert result.exit_code == 2, result.stderr
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    assert result.stdout == ""
    return lines[0]


def test_surest_pick_is_explained_on_the_axes_of_the_recording(run: Run, recording: xr.Dataset, tmp_path: Path) -> None:
    output = tmp_path / "why.nc"
    result = run(output=output)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip() == str(output)
    with xr.open_dataset(output, engine="h5netcdf") as written:
        found = check_attribution(written.load())
    picks = picks_from(annotate(recording, "xiaonet"), open_picker("xiaonet").card)
    best = picks[picks["phase"] == "P"].sort_values("probability").iloc[-1]
    assert found.attrs["station"] == best["station"]
    assert found.attrs["target_time"] == best["time"].isoformat()
    assert found["attribution"].dims == recording["waveform"].dims
    assert np.array_equal(found["time"].values, recording["time"].values)
    assert list(found["component"].values) == list(recording["component"].values)
    assert found.attrs["method"] == "integrated_gradients"
    assert np.isfinite(found.attrs["convergence_delta"])
    assert re.search(r"\d+ % of the weight lies", result.stderr)


@pytest.mark.parametrize("ending", ["png", "html"])
def test_pictures_are_written_by_their_ending(run: Run, tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"why.{ending}"
    result = run("--set", "steps=8", output=output)
    assert result.exit_code == 0, result.stderr
    start = output.read_bytes()[:200]
    assert start.startswith(b"\x89PNG") if ending == "png" else b"<html" in start.lower()
    # A report says whether the explanation can be believed; a picture costs no time for that.
    verdicts = re.findall(r"^Adds up: (pass|warn|fail)\.", result.stderr, re.M)
    assert len(verdicts) == (1 if ending == "html" else 0)
    assert (b"Removing what matters hurts" in output.read_bytes()) == (ending == "html")


def test_method_target_baseline_and_time_are_taken(run: Run, recording: xr.Dataset, tmp_path: Path) -> None:
    output = tmp_path / "why.nc"
    station = str(recording["station"].values[0])
    time = recording["time"].values[recording.sizes["time"] // 2]
    given = {"station": station, "time": f"{time}Z", "method": "gradient_shap", "target": "logit", "baseline": "noise"}
    result = run("--set", "samples=4", output=output, **given)
    assert result.exit_code == 0, result.stderr
    with xr.open_dataset(output, engine="h5netcdf") as written:
        assert np.datetime64(written.attrs.pop("target_time"), "ns") == time
        assert {name: written.attrs[name] for name in ("station", "method", "target", "baseline")} == {
            name: given[name] for name in ("station", "method", "target", "baseline")
        }
        assert '"samples": 4' in written.attrs["settings"]


def test_highest_point_is_explained_where_there_is_no_pick(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    stream = obspy.Stream()
    for letter in "ZNE":
        header = {"network": "XX", "station": "A", "channel": f"HH{letter}", "sampling_rate": 100.0}
        stream.append(obspy.Trace(chance.normal(0, 100, 6000).astype(np.float32), header))
    folder = tmp_path / "noise"
    folder.mkdir()
    stream.write(str(folder / "noise.mseed"), format="MSEED")
    name = str(open_source(str(folder)).scan()["recording_id"].iloc[0])
    options = {"recording": name, "picker": "xiaonet", "phase": "S", "method": "saliency", "output": tmp_path / "w.nc"}
    named = [text for option, value in options.items() for text in (f"--{option}", str(value))]
    result = CliRunner().invoke(cli, ["explain", str(folder), *named])
    assert result.exit_code == 0, result.stderr
    assert re.search(
        r"XiaoNet has no S pick above 0\.\d\d: the highest point of the curve, .*, is explained", result.stderr
    )
    assert (tmp_path / "w.nc").is_file()


def test_bad_input_is_told_in_one_line_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "why.nc"
    assert "There is no recording 'nope'" in only_line(run(recording="nope", output=output))
    assert "There is no station 'XX.Q.'" in only_line(run(station="XX.Q.", output=output))
    assert "There is no picker 'xiaonett'. Did you mean 'xiaonet'?" in only_line(run(picker="xiaonett", output=output))
    assert "no curve 'Pn' to explain; it has P, S" in only_line(run(phase="Pn", output=output))
    assert "Did you mean 'saliency'?" in only_line(run(method="salience", output=output))
    assert "There is no baseline 'nothing'" in only_line(run(baseline="nothing", output=output))
    assert "lies outside the recording" in only_line(run(time="1999-01-01", output=output))
    assert "--time takes a time (UTC)" in only_line(run(time="noon", output=output))
    assert "has no setting 'stepps'; it has steps" in only_line(run("--set", "stepps=3", output=output))
    assert "--set takes KEY=VALUE" in only_line(run("--set", "steps", output=output))
    assert "is an ONNX file: it runs forward only" in only_line(run(weights="model.onnx", output=output))
    assert "it got 'many'" in only_line(run("--set", "steps=many", output=output))
    assert "has no setting 'method'" in only_line(run("--set", "method=saliency", output=output))
    assert "goes back through a network by its gradients" in only_line(run(picker="sta_lta", output=output))
    assert "ends with none of them" in only_line(run(output=tmp_path / "why.txt"))
    assert "Missing option '--output'" in only_line(run())
    assert list(tmp_path.iterdir()) == []


def test_explainers_are_listed() -> None:
    result = CliRunner().invoke(cli, ["list", "explainers"])
    assert result.exit_code == 0
    names = [line.split("\t")[0] for line in result.stdout.splitlines()]
    assert names == ["explainer", *EXPLAINERS]
