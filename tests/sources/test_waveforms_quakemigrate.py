"""Locations and automatic picks that QuakeMigrate wrote beside its waveforms."""

import pandas as pd
import pytest

from workbench.sources import open_source
from workbench.sources.waveforms import WaveformSource

from .waveform_files import START, trace, write

EVENT = "EventID,DT,X,Y,Z,ML\n{name},{time},13.0,46.2,8.2,{magnitude}\n"
PICKS = "Station,Phase,ModelledTime,PickTime,PickError,SNR,Residual\n{rows}"


def cut_out(folder, name, after_s, magnitude, rows=""):
    write(folder / f"{name}.m", *(trace(f"XX.{station}..HHZ", start=START + after_s) for station in "AB"))
    time = str(START + after_s + 8)
    (folder / f"{name}.event").write_text(EVENT.format(name=name, time=time, magnitude=magnitude))
    (folder / f"{name}.picks").write_text(PICKS.format(rows=rows))


def test_each_file_belongs_to_its_own_event_though_a_larger_one_is_in_it(tmp_path):
    cut_out(tmp_path, "one", 0, 1.0, "A,P,2024-05-01T12:00:09Z,2024-05-01T12:00:09.25Z,0.05,9,0\nA,S,x,-1,-1,-1,-1\n")
    cut_out(tmp_path, "two", 20, 2.0)
    source = WaveformSource(tmp_path)
    table = source.scan()
    assert [source.event(name).event_id for name in table["recording_id"]] == ["quakemigrate/one", "quakemigrate/two"]
    assert table["magnitude"].tolist() == [1.0, 2.0]
    picks = source.reference_picks(table["recording_id"].iloc[0])
    assert picks[["station", "phase", "uncertainty_s"]].values.tolist() == [["XX.A.", "P", 0.05]]
    assert picks["time"].iloc[0] == pd.Timestamp("2024-05-01T12:00:09.25")


def test_a_file_without_a_needed_column_is_a_notice(tmp_path):
    cut_out(tmp_path, "one", 0, 1.0)
    (tmp_path / "one.event").write_text("EventID,X,Y,Z\none,13,46,8\n")
    table = WaveformSource(tmp_path).scan()
    assert table.attrs["notices"] == ["one.event is no file of QuakeMigrate that can be read (no column 'DT')."]


def test_the_real_swarm_has_its_events_and_picks(shared_data):
    source = open_source(shared_data / "iceland" / "20140824000109140.m")
    name = source.scan()["recording_id"].iloc[0]
    event = source.event(name)
    assert (event.event_id, event.magnitude, event.depth_km) == ("quakemigrate/20140824000109140", 1.11, 6.0)
    picks = source.reference_picks(name)
    first = picks[(picks["station"] == "Z7.DYJN.") & (picks["phase"] == "P")].iloc[0]
    assert first["time"] == pd.Timestamp("2014-08-24T00:01:11.952429")
    assert first["uncertainty_s"] == pytest.approx(0.0826)
