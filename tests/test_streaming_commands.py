"""``workbench pick --stream``, ``benchmark`` and ``onnx`` from the outside."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from obspy import Stream, Trace, UTCDateTime

from workbench.cli import cli
from workbench.inference.picking import picks_from
from workbench.pickers import open_picker
from workbench.sources import open_source
from workbench.training.synthetic import coloured_noise, synthetic_event


@pytest.fixture
def folder(tmp_path):
    """Two stations with three minutes of made events in miniSEED."""
    place = tmp_path / "waveforms"
    place.mkdir()
    for number, station in enumerate("AB"):
        rng = np.random.default_rng(number)
        samples = 0.01 * coloured_noise(rng, (3, 18_000))
        for first in (3000, 9000):
            samples[:, first : first + 6000] += synthetic_event(rng, n_samples=6000, p_sample=700).samples
        stream = Stream()
        for letter, values in zip("ZNE", samples * 1e6, strict=True):
            trace = Trace(values.astype(np.int32))
            trace.stats.update({"network": "XX", "station": station, "channel": f"HH{letter}", "sampling_rate": 100.0})
            trace.stats.starttime = UTCDateTime(2024, 1, 1)
            stream += trace
        stream.write(str(place / f"{station}.mseed"), format="MSEED")
    return place


def test_stream_writes_each_pick_of_the_file_as_one_line_with_its_latency(folder, tmp_path):
    output = tmp_path / "picks.jsonl"
    run = CliRunner().invoke(cli, ["pick", str(folder), "--stream", "--output", str(output)])
    assert run.exit_code == 0, run.output
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    picker = open_picker("xiaonet")
    source = open_source(folder)
    recording = source.read(source.scan()["recording_id"][0])
    expected = picks_from(picker.annotate(recording), picker.card)
    found = sorted((row["station"], row["phase"], pd.Timestamp(row["time"]).tz_localize(None)) for row in rows)
    assert found == sorted(zip(expected["station"], expected["phase"], expected["time"], strict=True))
    assert all(row["latency_s"] >= 0 and row["compute_ms"] > 0 for row in rows)
    assert "median latency" in run.output


def test_onnx_file_picks_a_stream_too(folder, tmp_path):
    file = tmp_path / "xiaonet.onnx"
    assert CliRunner().invoke(cli, ["onnx", str(file)]).exit_code == 0
    stream = ["pick", str(folder), "--stream", "--weights"]
    runs = [CliRunner().invoke(cli, [*stream, weights]) for weights in ("25k", str(file))]
    times = [
        sorted((row["station"], row["phase"], row["time"]) for row in map(json.loads, run.stdout.splitlines()))
        for run in runs
    ]
    assert times[0] == times[1] != []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--picker", "sta_lta"], "sta_lta cannot pick a stream"),
        (["--weights", "nothing.onnx"], "There is no file nothing.onnx"),
        (["--weights", "nothing"], "XiaoNet has no weights 'nothing'"),
    ],
)
def test_what_cannot_stream_is_said_in_one_line(folder, arguments, said):
    run = CliRunner().invoke(cli, ["pick", str(folder), "--stream", *arguments])
    assert run.exit_code == 2
    assert said in run.output


def test_picking_a_file_still_wants_a_picker_and_an_output(folder):
    run = CliRunner().invoke(cli, ["pick", str(folder), "--output", "picks.csv"])
    assert run.exit_code == 2
    assert "Missing option '--picker'" in run.output


def test_benchmark_writes_a_table(tmp_path):
    place = tmp_path / "npz"
    place.mkdir()
    rng = np.random.default_rng(0)
    for number in range(2):
        event = synthetic_event(rng, n_samples=9001, p_sample=3000)
        samples = event.samples + 0.01 * coloured_noise(rng, (3, 9001))
        name = f"XX_S{number}_2020010100000{number}.npz"
        np.savez(place / name, data=samples[::-1].T, itp=3000, its=min(event.s_sample, 9000), channels="HHE_HHN_HHZ")
    entry = {"name": "made", "path": "npz", "kind": "phasenet_npz", "labels": "analyst", "recordings": {"test": ["*"]}}
    (tmp_path / "split.json").write_text(json.dumps({"sets": [entry]}))
    arguments = [
        "benchmark",
        str(tmp_path / "split.json"),
        "--data",
        str(tmp_path),
        "--output",
        str(tmp_path / "table.csv"),
    ]
    run = CliRunner().invoke(cli, [*arguments, "--picker", "xiaonet", "--picker", "sta_lta", "--reference", "sta_lta"])
    assert run.exit_code == 0, run.output
    table = pd.read_csv(tmp_path / "table.csv")
    assert set(table["picker"]) == {"xiaonet", "sta_lta", "xiaonet, same false rate"}
    assert (table.loc[table["phase"] == "P", "n"] == 2).all()
