"""SC3ML of labels: valid in every version, picks of events read back by ObsPy, picks without one standing free."""

from __future__ import annotations

import io
from pathlib import Path
from typing import get_args, get_type_hints

import obspy
import pandas as pd
import pytest
from lxml import etree
from obspy.io.seiscomp.core import validate

from workbench.exporters.sc3ml import Sc3mlExporter, _stylesheet
from workbench.schema import Event

START = pd.Timestamp("2024-01-01T00:00:00.123456789")
EVENT = Event("quake 1", START, 46.0, 13.0, 7.5, 2.2, "ML")
VERSIONS = get_args(get_type_hints(Sc3mlExporter)["version"])


@pytest.fixture
def export(tmp_path):
    def run(labels, events=None, **settings):
        Sc3mlExporter(**settings).export(labels, None, tmp_path / "out", events=events)
        return tmp_path / "out" / "labels.xml"

    return run


@pytest.mark.parametrize("version", VERSIONS)
def test_picks_of_an_event_come_back_with_all_that_was_said(version, export, labels):
    table = labels(
        {
            "station": "BW.RJOB.00",
            "phase": "Pn",
            "uncertainty_minus_s": 0.02,
            "uncertainty_plus_s": 0.3,
            "polarity": "negative",
            "onset_quality": "emergent",
            "analyst": "Zoë Ünal",
        },
        {"recording_id": "free"},
    )
    path = export(table, {"r1": EVENT}.get, version=version)
    assert validate(str(path))
    (event,) = obspy.read_events(str(path))
    (pick,) = event.picks
    assert pick.time == obspy.UTCDateTime("2024-01-01T00:00:10.123457Z")
    assert (pick.time_errors.lower_uncertainty, pick.time_errors.upper_uncertainty) == (0.02, 0.3)
    assert (pick.polarity, pick.onset, pick.phase_hint) == ("negative", "emergent", "Pn")
    assert pick.waveform_id.id.rstrip(".") == "BW.RJOB.00"
    assert pick.creation_info.author == "Zoë Ünal"
    assert (pick.evaluation_mode, pick.evaluation_status) == ("manual", "reviewed")
    assert event.preferred_origin().latitude == 46.0
    (arrival,) = event.preferred_origin().arrivals
    assert arrival.pick_id == pick.resource_id


@pytest.mark.parametrize("version", VERSIONS)
def test_the_fast_stylesheet_says_the_same_as_obspys(version, labels):
    example = Path(obspy.__file__).parent / "io" / "seiscomp" / "tests" / "data" / "qml-example-1.2-RC3.xml"
    catalog = obspy.read_events(str(example))
    ours, theirs = io.BytesIO(), io.BytesIO()
    catalog.write(theirs, format="SCML", version=version)
    catalog.write(ours, format="QUAKEML")
    sheet = _stylesheet(version)
    assert sheet is not None, "ObsPy keeps its stylesheet elsewhere, or wrote it anew: SC3ML takes long"
    made = bytes(sheet(etree.fromstring(ours.getvalue())))
    assert made == theirs.getvalue()
    assert made.count(b"<magnitude") > 0


@pytest.mark.parametrize("found", [None, "<sheet", "<sheet/>"])
def test_an_obspy_without_that_stylesheet_writes_the_same_itself(found, export, labels, tmp_path, monkeypatch):
    table = labels({"weight": 4.0}, {"recording_id": "free"}, {"phase": "S", "decision": "reject"})
    before = export(table, {"r1": EVENT}.get).read_bytes()
    away = tmp_path / "obspy" / "io" / "seiscomp" / "data"
    away.mkdir(parents=True)
    if found:
        (away / "quakeml_1.2__sc3ml_0.12.xsl").write_text(found)
    monkeypatch.setattr(obspy, "__file__", str(tmp_path / "obspy" / "__init__.py"))
    assert _stylesheet("0.12") is None
    Sc3mlExporter().export(table, None, tmp_path / "again", events={"r1": EVENT}.get)
    assert (tmp_path / "again" / "labels.xml").read_bytes() == before


@pytest.mark.parametrize("version", VERSIONS)
def test_an_onset_that_is_not_used_is_neither_weighed_nor_used(version, export, labels):
    table = labels({"weight": 4.0}, {"station": "XX.B.", "weight": 1.0})
    path = export(table, {"r1": EVENT}.get, version=version)
    assert validate(str(path))
    arrivals = etree.parse(str(path)).getroot().findall(".//{*}arrival")
    said = [(arrival.findtext("{*}weight"), arrival.findtext("{*}timeUsed")) for arrival in arrivals]
    assert said == [("0.0", "false"), (None, None)]


def test_a_pick_without_an_event_stands_free(export, labels):
    root = etree.parse(str(export(labels({}, {"recording_id": "r2"}), {"r1": EVENT}.get))).getroot()
    names = {"s": root.nsmap[None]}
    assert len(root.findall(".//s:event", names)) == 1
    assert len(root.findall("s:EventParameters/s:pick", names)) == 2
    assert len(root.findall(".//s:pickID", names)) == 1


@pytest.mark.parametrize(("rejected", "expected"), [(True, ["confirmed", "rejected"]), (False, ["confirmed"])])
def test_rejected_onsets_are_marked_or_left_out(rejected, expected, export, labels):
    table = labels({"decision": "accept"}, {"decision": "reject", "phase": "S"})
    root = etree.parse(str(export(table, {"r1": EVENT}.get, rejected=rejected))).getroot()
    found = [element.text for element in root.iter("{*}evaluationStatus")]
    assert sorted(found) == expected
