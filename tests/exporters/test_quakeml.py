"""QuakeML of labels: valid, and read back by ObsPy as it was decided."""

from __future__ import annotations

import json

import obspy
import pandas as pd
import pytest
from obspy.io.quakeml.core import _validate

from workbench.exporters.quakeml import QuakeMLExporter
from workbench.schema import Event

START = pd.Timestamp("2024-01-01T00:00:00.123456789")


@pytest.fixture
def export(tmp_path, reader):
    def run(labels, **more):
        QuakeMLExporter().export(labels, reader(), tmp_path / "out", **more)
        path = tmp_path / "out" / "labels.xml"
        assert _validate(str(path), verbose=True)
        return obspy.read_events(str(path), format="QUAKEML")

    return run


def test_a_label_comes_back_with_all_that_was_said_of_it(export, labels):
    catalog = export(
        labels(
            {
                "uncertainty_minus_s": 0.02,
                "uncertainty_plus_s": 0.3,
                "polarity": "positive",
                "onset_quality": "emergent",
                "weight": 2.0,
                "phase": "Pn",
                "provenance": json.dumps({"picker": "phasenet", "weights": "original", "filter": "1–20 Hz"}),
            }
        )
    )
    (pick,) = catalog[0].picks
    assert pick.time == obspy.UTCDateTime("2024-01-01T00:00:10.123457Z")
    assert (pick.time_errors.lower_uncertainty, pick.time_errors.upper_uncertainty) == (0.02, 0.3)
    assert pick.time_errors.uncertainty is None
    assert (pick.polarity, pick.onset, pick.phase_hint) == ("positive", "emergent", "Pn")
    assert pick.creation_info.author == "Ada"
    assert pick.method_id.id == "smi:local/picker/phasenet/original"
    details = json.loads(pick.comments[0].text)
    assert details["time"] == "2024-01-01T00:00:10.123456789Z"
    assert details["weight_class"] == 2.0
    assert details["provenance"]["filter"] == "1–20 Hz"


def test_equal_uncertainties_are_one_figure_and_unknown_ones_none(export, labels):
    catalog = export(labels({"uncertainty_minus_s": 0.1, "uncertainty_plus_s": 0.1}, {"phase": "S"}))
    first, second = catalog[0].picks
    assert first.time_errors.uncertainty == 0.1
    assert second.time_errors.uncertainty is None
    assert second.time_errors.lower_uncertainty is None
    assert (second.polarity, second.onset) == (None, None)


@pytest.mark.parametrize(
    ("row", "mode", "status"),
    [
        ({"decision": "accept", "pick_id": "a"}, "manual", "confirmed"),
        ({"decision": "move", "pick_id": "a"}, "manual", "reviewed"),
        ({"decision": "add"}, "manual", "reviewed"),
        ({"decision": "reject", "pick_id": "a"}, "automatic", "rejected"),
        ({"decision": "reject"}, "manual", "rejected"),
    ],
)
def test_mode_and_status_tell_the_decision(export, labels, row, mode, status):
    (pick,) = export(labels(row))[0].picks
    assert (pick.evaluation_mode, pick.evaluation_status) == (mode, status)


@pytest.mark.parametrize(
    ("station", "codes"),
    [
        ("BW.RJOB.", ("BW", "RJOB", "")),
        ("BW.RJOB.00", ("BW", "RJOB", "00")),
        ("BW.RJOB.--", ("BW", "RJOB", "")),
        ("RJOB", ("", "RJOB", "")),
        ("BW.SEHRLANGERNAMEÜ.", ("BW", "SEHRLANG", "")),
    ],
)
def test_station_codes_stand_where_quakeml_wants_them(export, labels, station, codes):
    pick = export(labels({"station": station}))[0].picks[0]
    stream = pick.waveform_id
    assert (stream.network_code or "", stream.station_code, stream.location_code or "") == codes
    assert json.loads(pick.comments[0].text)["station"] == station


def test_picks_of_one_event_stand_under_it_with_arrivals(export, labels):
    table = labels(
        {}, {"phase": "S"}, {"recording_id": "r2", "station": "XX.B."}, {"phase": "Sn", "decision": "reject"}
    )
    event = Event("quake 1", START, 46.0, 13.0, 7.5, 2.2, "ML")
    catalog = export(table, events=lambda name: event)
    assert len(catalog) == 1
    assert len(catalog[0].picks) == 4
    origin = catalog[0].preferred_origin()
    assert (origin.latitude, origin.longitude, origin.depth) == (46.0, 13.0, 7500.0)
    assert catalog[0].preferred_magnitude().mag == 2.2
    by_id = {pick.resource_id: pick for pick in catalog[0].picks}
    arrived = [(arrival.phase, by_id[arrival.pick_id].waveform_id.station_code) for arrival in origin.arrivals]
    assert arrived == [("P", "A"), ("S", "A"), ("P", "B")]


def test_the_arrival_of_an_onset_that_is_not_used_has_no_weight(export, labels):
    table = labels({"weight": 4.0}, {"phase": "S", "weight": 3.0}, {"station": "XX.B."})
    catalog = export(table, events=lambda name: Event("quake 1", START, 46.0, 13.0))
    assert [arrival.time_weight for arrival in catalog[0].origins[0].arrivals] == [0.0, None, None]


def test_recordings_without_an_event_have_one_of_their_own(export, labels):
    catalog = export(labels({}, {"recording_id": "Höfn\x01 2"}), events=lambda name: None)
    assert [len(event.picks) for event in catalog] == [1, 1]
    assert [event.preferred_origin() for event in catalog] == [None, None]
    assert sorted(event.event_descriptions[0].text for event in catalog) == ["Höfn? 2", "r1"]


def test_an_event_without_a_place_has_no_origin(export, labels):
    catalog = export(labels({}), events=lambda name: Event("ev1", START))
    assert catalog[0].origins == []
    assert len(catalog[0].picks) == 1


def test_an_event_keeps_the_id_it_has_in_quakeml(export, labels):
    event = Event("smi:ch.ethz.sed/event/2018A", START, 46.0, 13.0)
    assert export(labels({}), events=lambda name: event)[0].resource_id.id == event.event_id
