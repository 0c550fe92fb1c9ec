"""From real recordings through the journal to a dataset that SeisBench opens, with every sample where it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.exporters import EXPORTERS
from workbench.labels.journal import Journal
from workbench.schema import Decision
from workbench.sources import open_source

# SeisBench 0.12 with pandas 3.1.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


def opened(folder: Path):
    from seisbench.data import WaveformDataset

    return WaveformDataset(folder, component_order="ZNE")


def test_corrected_stead_picks_are_where_the_analyst_put_them(shared_data, tmp_path):
    source = open_source(shared_data / "stead" / "sample.hdf5")
    names = [name for name in source.scan()["recording_id"] if name.endswith("_EV")][:12]
    with Journal(tmp_path / "labels.sqlite", "Ada") as journal:
        for name in names:
            for pick in source.reference_picks(name).itertuples():
                time = pick.time + pd.Timedelta(milliseconds=70)
                journal.record(Decision("move", name, pick.station, pick.phase, time, pick_id=pick.pick_id))
        labels = journal.labels()
    EXPORTERS.create("seisbench").export(labels, source.read, tmp_path / "out", events=source.event)
    dataset = opened(tmp_path / "out")
    assert sorted(dataset.metadata["trace_name"]) == sorted(names)
    for number, row in enumerate(dataset.metadata.to_dict("records")):
        picks = source.reference_picks(row["trace_name"]).set_index("phase")["time"]
        recording = source.read(row["trace_name"])
        for phase, column in (("P", "trace_p_arrival_sample"), ("S", "trace_s_arrival_sample")):
            before = (picks[phase] - recording["time"].values[0]).total_seconds() * 100
            assert row[column] == round(before + 7)
        whole = recording["waveform"].sel(component=list("ZNE")).values[0]
        np.testing.assert_array_equal(dataset.get_waveforms(number), np.nan_to_num(whole))


def test_labels_on_twenty_stations_and_several_events_are_where_they_were_set(shared_data, tmp_path):
    source = open_source(shared_data / "hengill")
    (name,) = source.scan()["recording_id"]
    recording = source.read(name)
    start = pd.Timestamp(recording["time"].values[0])
    onsets_s = (("P", 41.237), ("S", 43.911), ("P", 120.005), ("S", 122.5), ("Pg", 121.0))
    with Journal(tmp_path / "labels.sqlite", "Ada") as journal:
        for station in recording["station"].values.astype(str):
            for phase, at_s in onsets_s:
                journal.record(Decision("add", name, station, phase, start + pd.Timedelta(seconds=at_s)))
        labels = journal.labels()
    EXPORTERS.create("seisbench").export(labels, lambda _: recording, tmp_path / "out", events=source.event)
    dataset = opened(tmp_path / "out")
    assert len(dataset) == 2 * recording.sizes["station"]
    assert len(set(dataset.metadata["split"])) == 1
    found = []
    for number, row in enumerate(dataset.metadata.to_dict("records")):
        station = recording["station"].values.astype(str)[number // 2]
        whole = np.nan_to_num(recording["waveform"].sel(station=station, component=list("ZNE")).values)
        first = round((pd.Timestamp(row["trace_start_time"]).tz_localize(None) - start).total_seconds() * 200)
        waveform = dataset.get_waveforms(number)
        np.testing.assert_array_equal(waveform, whole[:, first : first + waveform.shape[1]])
        for phase, key in (("P", "p"), ("S", "s"), ("Pg", "Pg")):
            sample = row[f"trace_{key}_arrival_sample"]
            found += [] if np.isnan(sample) else [(station, phase, int(first + sample))]
    wanted = [
        (str(station), phase, round(at_s * 200)) for station in recording["station"].values for phase, at_s in onsets_s
    ]
    assert sorted(found) == sorted(wanted)


def test_stead_goes_out_as_it_came_in(shared_data, tmp_path):
    source = open_source(shared_data / "stead" / "sample.hdf5")
    names = [name for name in source.scan()["recording_id"] if name.endswith("_EV")][:12]
    with Journal(tmp_path / "labels.sqlite", "Ada") as journal:
        for name in names:
            for pick in source.reference_picks(name).itertuples():
                journal.record(Decision("accept", name, pick.station, pick.phase, pick.time, pick_id=pick.pick_id))
        labels = journal.labels()
    EXPORTERS.create("stead").export(labels, source.read, tmp_path / "out", events=source.event)
    again = open_source(tmp_path / "out")
    rows, before = again.scan().set_index("start"), source.scan().set_index("recording_id")
    assert len(rows) == len(names)
    for name in names:
        row = rows.loc[before.loc[name, "start"].round("us")]
        assert row["stations"] == before.loc[name, "stations"]
        for phase in "ps":
            sample = before.loc[name, f"{phase}_arrival_sample"]
            assert row[f"{phase}_arrival_sample"] == pytest.approx(sample, abs=1e-3)
        found, wanted = again.read(row["recording_id"]), source.read(name)
        np.testing.assert_array_equal(found["waveform"], np.nan_to_num(wanted["waveform"]))
