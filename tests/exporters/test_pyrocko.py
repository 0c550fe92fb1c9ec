"""Markers of Pyrocko: the same lines as Pyrocko writes for the same markers, and as Pyrocko reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from workbench.exporters.manifest import read_manifest
from workbench.exporters.pyrocko import PyrockoExporter
from workbench.schema import Event

from ..absent import skip_but_in_ci
from .others_readers import read_markers

EVENT = Event("l'Aquila 2009", pd.Timestamp("2009-04-06T01:32:39.123457"), 42.3476, 13.38, 8.8, 6.1, "Mw")

WRITTEN_BY_PYROCKO = """\
# Snuffler Markers File Version 0.2
event: 2009-04-06 01:32:39.123457  0 {hash}      42.3476        13.38       8800.0  6.1 None  'l\\'Aquila 2009' None
phase: 2009-04-06 01:32:50.000001  0 IV.AQU..*       {hash} 2009-04-06   01:32:39.123457 Pn          1 False
phase: 2009-04-06 01:33:00.500000  0 IV.AQU.00.*     None           None         None         S        None False
"""
"""By ``save_markers(markers, name, fdigits=6)`` of Pyrocko 2026.6.2, with the hash of the event put in."""


@pytest.fixture
def export(tmp_path):
    def run(labels, events=None, **settings):
        PyrockoExporter(**settings).export(labels, None, tmp_path / "out", events=events)
        return tmp_path / "out" / "markers.txt"

    return run


@pytest.fixture
def table(labels):
    return labels(
        {
            "station": "IV.AQU.",
            "phase": "Pn",
            "time": pd.Timestamp("2009-04-06T01:32:50.000001"),
            "polarity": "positive",
            "uncertainty_minus_s": 0.1,
        },
        {
            "station": "IV.AQU.00",
            "recording_id": "r2",
            "phase": "S",
            "time": pd.Timestamp("2009-04-06T01:33:00.4999999"),
        },
    )


def known(name):
    return EVENT if name == "r1" else None


def test_lines_are_those_that_pyrocko_writes(export, table):
    path = export(table, known)
    text = path.read_text()
    name = text.splitlines()[1].split()[4]
    assert len(name) == 28
    assert text == WRITTEN_BY_PYROCKO.format(hash=name)


def test_phases_are_tied_to_their_event_and_others_stand_free(export, table, tmp_path):
    event, bound, free = read_markers(export(table, known))
    assert (event.what, event.event_name) == ("event:", "l'Aquila 2009")
    assert bound.event_hash == event.event_hash is not None
    assert free.event_hash is None
    (lost,) = read_manifest(tmp_path / "out").changed
    assert lost["n_labels"] == 1


def test_rejected_onsets_have_another_colour_or_none(export, labels):
    rows = labels({}, {"phase": "S", "decision": "reject", "pick_id": "a"}, {"phase": "Sn", "decision": "reject"})
    marks = read_markers(export(rows, rejected=True))
    assert [(mark.phase, mark.kind, mark.automatic) for mark in marks] == [
        ("P", 0, False),
        ("S", 2, True),
        ("Sn", 2, False),
    ]


@pytest.fixture(scope="session")
def pyrocko():
    """The interpreter that `make test` puts Pyrocko into."""
    interpreter = Path(sys.prefix) / "pyrocko" / "bin" / "python"
    if not interpreter.exists():
        skip_but_in_ci("Pyrocko is not beside this environment (`make test` puts it there)")
    return interpreter


def test_pyrocko_itself_reads_them(export, table, pyrocko):
    path = export(table, known)
    script = Path(__file__).with_name("pyrocko_reads.py")
    told = subprocess.run([pyrocko, "-I", script, path], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    event, bound, free = json.loads(told.stdout)
    assert event["event"] == bound["event"] == EVENT.event_id
    assert (bound["phase"], bound["polarity"], bound["channels"]) == ("Pn", 1, [["IV", "AQU", "", "*"]])
    assert abs(bound["time"] - pd.Timestamp("2009-04-06T01:32:50.000001").value / 1e9) < 1e-6
    assert (free["event"], free["phase"]) == (None, "S")
    again, own = (read_markers(place) for place in (path.with_suffix(".txt.again"), path))
    assert [(mark.time, mark.channels, mark.phase) for mark in again] == [
        (mark.time, mark.channels, mark.phase) for mark in own
    ]
