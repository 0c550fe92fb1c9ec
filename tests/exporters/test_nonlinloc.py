"""Phase files of NonLinLoc: read back by ObsPy with every field, in the columns of ObsPy's own example."""

from __future__ import annotations

import json
import re
from pathlib import Path

import obspy
import pandas as pd
import pytest

from workbench.errors import SchemaError
from workbench.exporters.manifest import read_manifest
from workbench.exporters.nonlinloc import NonLinLocExporter
from workbench.schema import WEIGHT_SCHEMES, Event

from .others_readers import picks_located_with

EXAMPLE = Path(obspy.__file__).parent / "io" / "nlloc" / "tests" / "data" / "nlloc.obs"


@pytest.fixture
def export(tmp_path):
    def run(labels, events=None, **settings):
        folder = tmp_path / "out"
        NonLinLocExporter(**settings).export(labels, None, folder, events=events)
        return {path.name: path for path in folder.glob("*.obs")}, read_manifest(folder)

    return run


def test_every_field_comes_back(export, labels):
    files, manifest = export(
        labels(
            {
                "phase": "Pg",
                "time": pd.Timestamp("2016-12-31T23:59:59.99996"),
                "polarity": "negative",
                "onset_quality": "emergent",
                "uncertainty_minus_s": 0.02,
                "uncertainty_plus_s": 0.2,
            },
            {"phase": "S", "polarity": "positive", "onset_quality": "impulsive", "weight": 2.0},
            {"phase": "Sn", "at_s": 20.0, "polarity": "undecidable", "onset_quality": "questionable"},
        ),
        station="NET_STA",
    )
    assert list(files) == ["r1.obs"]
    first, second, third = picks_located_with(files["r1.obs"])
    assert first.time == obspy.UTCDateTime("2017-01-01T00:00:00.0000Z")
    assert (first.phase_hint, first.polarity, first.onset) == ("Pg", "negative", "emergent")
    assert first.time_errors.uncertainty == pytest.approx(0.11)
    assert first.waveform_id.station_code == "XX_A"
    assert (second.phase_hint, second.polarity, second.onset) == ("S", "positive", "impulsive")
    assert second.time_errors.uncertainty == WEIGHT_SCHEMES["hypoinverse"].seconds[2]
    assert abs(second.time - obspy.UTCDateTime("2024-01-01T00:00:10.123457Z")) <= 5.1e-5
    assert (third.phase_hint, third.polarity, third.onset) == ("Sn", None, None)
    assert third.time_errors.uncertainty == 0.5
    assert manifest.changed == [
        {"what": "the error was made of the class of weight, by the scheme hypoinverse", "n_labels": 1},
        {"what": "the two sides of the uncertainty became their mean", "n_labels": 1},
        {"what": "without weight and uncertainty: written with 0.5 s", "n_labels": 1},
    ]


def test_columns_are_those_of_obspys_example(export, labels):
    files, _ = export(labels({"uncertainty_minus_s": 0.02, "uncertainty_plus_s": 0.02}))
    (line,) = files["r1.obs"].read_text().splitlines()
    example = EXAMPLE.read_text().splitlines()[1]
    # ObsPy's example is of the older format, without the prior weight at the end.
    assert [word.start() for word in words(line)][:-1] == [word.start() for word in words(example)]
    assert line.split()[9:] == ["GAU", "2.00e-02", "-1.00e+00", "-1.00e+00", "-1.00e+00", "1.00e+00"]


def words(line):
    return list(re.finditer(r"\S+", line))


def test_an_onset_that_is_not_used_has_no_weight_and_its_own_error(export, labels):
    files, manifest = export(
        labels(
            {"weight": 4.0, "uncertainty_minus_s": 0.01, "uncertainty_plus_s": 0.01},
            {"station": "XX.B.", "weight": 4.0},
            {"station": "XX.C.", "weight": 3.0},
        )
    )
    lines = [line.split() for line in files["r1.obs"].read_text().splitlines()]
    # As NonLinLoc reads them (ReadArrival in GridLib.c): the fifteenth word, where there is one.
    assert [(line[0], float(line[10]), float(line[14])) for line in lines] == [
        ("A", 0.01, 0.0), ("B", 0.65, 0.0), ("C", 0.6, 1.0)
    ]  # fmt: skip
    assert [pick.time_errors.uncertainty for pick in picks_located_with(files["r1.obs"])] == [0.01, 0.65, 0.6]
    told = {each["what"]: each["n_labels"] for each in manifest.changed}
    assert told["not to be used (class 4): written with the prior weight 0"] == 2


def test_each_event_has_a_file_that_names_it(export, labels):
    table = labels({}, {"recording_id": "r2", "station": "XX.B."}, {"recording_id": "r3"}, {"recording_id": "r/4"})
    event = Event("smi:x/quake", pd.Timestamp("2024-01-01"), 46.0, 13.0)
    files, _ = export(table, events=lambda name: event if name in ("r1", "r2") else None)
    assert sorted(files) == ["r3.obs", "r_4.obs", "smi:x_quake.obs"]
    lines = files["smi:x_quake.obs"].read_text().splitlines()
    assert lines[0] == "PUBLIC_ID smi:x/quake"
    assert [line.split()[0] for line in lines[1:]] == ["A", "B"]


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_an_error_that_is_none_is_refused(seconds):
    with pytest.raises(SchemaError, match="above 0 s"):
        NonLinLocExporter(unknown_s=seconds)


def test_stations_that_become_one_by_their_name_are_told(export, labels):
    table = labels({"weight": 0.0}, {"station": "YY.A.", "weight": 0.0}, {"station": "XX.B.", "weight": 0.0})
    _, manifest = export(table)
    assert {"what": "by the form STA another station has the same name", "n_labels": 2} in manifest.changed


def test_stations_of_two_networks_stay_two_by_a_longer_name(export, labels):
    _, manifest = export(labels({"weight": 0.0}, {"station": "YY.A.", "weight": 0.0}), station="NET_STA")
    assert not any("same name" in each["what"] for each in manifest.changed)


def test_what_is_no_word_and_what_is_rejected_is_left_out(export, labels):
    files, manifest = export(
        labels({}, {"phase": "P wave"}, {"station": "XX.Ö."}, {"phase": "S", "decision": "reject"})
    )
    assert len(files["r1.obs"].read_text().splitlines()) == 1
    assert [each["n_labels"] for each in manifest.left_out] == [2, 1]
    assert json.dumps(dict(manifest.settings), sort_keys=True) == (
        '{"station": "STA", "unknown_s": 0.5, "weights": "hypoinverse"}'
    )
