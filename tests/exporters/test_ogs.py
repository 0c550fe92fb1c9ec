"""HYPO71 cards of OGS: column by column as in OGS's own files, and what a card cannot hold is told."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from workbench.exporters.manifest import read_manifest
from workbench.exporters.ogs import OgsExporter
from workbench.schema import LABEL_COLUMNS, WEIGHT_SCHEMES, Event
from workbench.sources.ogs.reading import read_catalog
from workbench.sources.ogs_catalog import OgsCatalogSource

# Columns that a label says all of: station and letters of P, century and minute, P, S and its letters, what was seen.
COMPARED = ((1, 7), (9, 19), (21, 24), (33, 39), (65, 65), (81, 82))


@pytest.fixture
def export(tmp_path):
    def run(labels, event=None, **settings):
        OgsExporter(**settings).export(labels, None, tmp_path / "out", events=lambda name: event)
        return (tmp_path / "out" / "labels.dat").read_text().splitlines(), read_manifest(tmp_path / "out")

    return run


def as_labels(text) -> pd.DataFrame:
    """The picks of a catalogue as labels."""
    rows = [
        {
            "label_id": f"{number:032x}",
            "entry": number,
            "recording_id": pick.key,
            "station": f".{pick.station}.",
            "phase": pick.phase,
            "time": pd.Timestamp(pick.time_ns),
            "uncertainty_minus_s": math.nan,
            "uncertainty_plus_s": math.nan,
            "polarity": pick.polarity,
            "onset_quality": pick.onset_quality,
            "weight": float(pick.weight_class),
            "decision": "accept",
            "analyst": "Ada",
            "decided_at": pd.Timestamp("2024-02-02"),
            "pick_id": "",
            "provenance": "{}",
        }
        for number, pick in enumerate(text.picks, start=1)
    ]
    return pd.DataFrame(rows).astype(dict(LABEL_COLUMNS))


def columns(line: str) -> tuple[str, ...]:
    """The compared columns, with what two files write differently made equal."""
    line = line.ljust(82)
    minute = line[9:19].replace(" ", "0")
    # OGS's own files name one minute 60; polarity and onset letters are large or small, a blank weight is 0.
    line = line[:9] + {"7711020660": "7711020700"}.get(minute, minute) + line[19:]
    parts = [line[first - 1 : last] for first, last in COMPARED]
    letters = parts[0][:4] + parts[0][4:].upper().replace("+", "C").replace("-", "D")
    # One pick that is not used has n for g; of three others that are not used none has.
    return (letters, *(part.upper() for part in parts[1:-1]), parts[-1].replace("n", "g"))


def weights(line: str) -> tuple[str, str]:
    line = line.ljust(82)
    return line[7].replace(" ", "0"), line[39].replace(" ", "0") if line[37] in "Ss" else ""


def test_cards_are_as_in_ogs_own_file_column_by_column(shared_data, tmp_path):
    native = shared_data / "ogs" / "native" / "picks.dat"
    (text,) = read_catalog([native])
    located = {event.key: event.located for event in text.events}

    def event_of(key):
        place = (46.0, 13.0) if located[key] else (math.nan, math.nan)
        return Event(key, pd.Timestamp(0), *place)

    OgsExporter().export(as_labels(text), None, tmp_path / "out", events=event_of)
    written = (tmp_path / "out" / "labels.dat").read_text().splitlines()
    cards = [line for line in written if line[:4].strip()]
    originals = [line for line in native.read_text().splitlines() if line[:4].strip()]
    assert len(cards) == len(originals) > 40
    assert sorted(map(columns, cards)) == sorted(columns(line) for line in originals)
    assert sorted(map(weights, cards)) == sorted(map(weights, originals))
    assert len(written) - len(cards) == len(text.events)
    (again,) = read_catalog([tmp_path / "out" / "labels.dat"])
    assert (again.unread, again.odd) == ([], {})
    assert sorted((pick.time_ns, pick.station, pick.phase) for pick in again.picks) == sorted(
        (pick.time_ns, pick.station, pick.phase) for pick in text.picks
    )


def test_a_station_has_p_and_s_on_one_card_of_the_minute_of_its_p(export, labels):
    table = labels(
        {"time": pd.Timestamp("2024-02-29T23:59:59.996"), "polarity": "negative", "onset_quality": "impulsive"},
        {"time": pd.Timestamp("2024-03-01T00:01:09.124"), "phase": "S", "onset_quality": "emergent", "weight": 3.0},
        {"time": pd.Timestamp("2024-02-29T23:59:00.004"), "station": "XX.B.", "phase": "S"},
    )
    lines, manifest = export(table)
    assert lines == [
        "B       12402292359 0000           0 S                                        1  g",
        "A   iPD 12403010000 0000        6912eS 3                                      1 gg",
        "                 1",
    ]
    assert (manifest.n_written, manifest.left_out) == (3, [])


def test_an_event_over_new_year_keeps_its_year_and_number(export, labels, tmp_path):
    rows = ({"time": pd.Timestamp(time), "station": f"XX.{code}."} for code, time in STATIONS_OVER_NEW_YEAR.items())
    lines, manifest = export(labels(*rows), Event("ev", pd.Timestamp("2023-12-31T23:59:50"), 46.0, 13.0))
    assert [line[9:24] for line in lines[:2]] == ["2312312359 5600", "2312312359 6350"]
    (text,) = read_catalog([tmp_path / "out" / "labels.dat"])
    assert len(text.events) == 1
    assert [pd.Timestamp(pick.time_ns) for pick in text.picks] == [
        pd.Timestamp(STATIONS_OVER_NEW_YEAR[code]) for code in ("A", "B")
    ]
    assert [each["n_labels"] for each in manifest.left_out] == [1]
    assert "99.99 s" in manifest.left_out[0]["why"]


STATIONS_OVER_NEW_YEAR = {
    "A": "2023-12-31T23:59:56",
    "B": "2024-01-01T00:00:03.5",
    "C": "2024-01-01T00:00:41",
}


def test_what_a_card_cannot_hold_is_left_out_and_told(export, labels, tmp_path):
    table = labels(
        {},
        {"phase": "Pn"},
        {"phase": "PcP"},
        {"station": "XX.LONGER."},
        {"station": "XX.Ö."},
        {"station": "YY.A.", "at_s": 11.0},
        {"phase": "S", "decision": "reject"},
        {"phase": "S", "at_s": 120.0, "station": "XX.FAR."},
        {"at_s": 9.0, "station": "XX.FAR."},
    )
    lines, manifest = export(table)
    assert len(lines) == 3
    assert manifest.n_written == 2
    reasons = {each["why"]: each["n_labels"] for each in manifest.left_out}
    assert sorted(reasons.values()) == [1, 1, 1, 2, 2]
    written = pd.read_csv(tmp_path / "out" / "labels.csv", keep_default_na=False).set_index("label_id")["left_out"]
    assert (written != "").sum() == sum(reasons.values()) == 7
    assert "left blank, which HYPO71 takes as full weight" in manifest.in_words()[-1]


def test_first_of_pn_and_pg_can_stand_for_p(export, labels):
    table = labels(
        {"phase": "Pn", "at_s": 9.0},
        {"phase": "Pg", "at_s": 11.0},
        {"phase": "Sg", "at_s": 14.0},
        {"phase": "Sn", "at_s": 13.0, "station": "XX.B."},
        {"phase": "S", "at_s": 15.0, "station": "XX.B."},
    )
    lines, manifest = export(table, others_too=True)
    assert [line[:40] for line in lines[:2]] == [
        "A    P  12401010000 0912        1412 S  ",
        "B       12401010000 0000        1512 S  ",
    ]
    assert manifest.n_written == 3
    assert {"what": "Pn, Pg, ... is written as P (and S likewise)", "n_labels": 2} in manifest.changed


@pytest.mark.parametrize("scheme", WEIGHT_SCHEMES)
def test_classes_come_back_through_their_seconds(scheme, export, labels, tmp_path):
    """A catalogue is read with a scheme, its picks are accepted, and exported by the same scheme."""
    seconds = WEIGHT_SCHEMES[scheme].seconds
    rows = [
        {"station": f"XX.A{number}.", "uncertainty_minus_s": value, "uncertainty_plus_s": value, "at_s": 10.0 + number}
        for number, value in enumerate(seconds)
    ]
    lines, manifest = export(labels(*rows), weights=scheme)
    assert [line[7] for line in lines[:5]] == list("01234")
    assert manifest.changed[0] == {
        "what": f"the class of weight was made of the uncertainty, by the scheme {scheme}",
        "n_labels": 5,
    }
    source = OgsCatalogSource(tmp_path / "out" / "labels.dat", weights=scheme)
    (recording_id,) = source.scan()["recording_id"]
    assert source.reference_picks(recording_id)["uncertainty_s"].tolist() == list(seconds)
    assert any("classes of weight" in notice for notice in source.scan().attrs["notices"])
    plain = OgsCatalogSource(tmp_path / "out" / "labels.dat", weights="")
    (recording_id,) = plain.scan()["recording_id"]
    assert plain.reference_picks(recording_id)["uncertainty_s"].isna().all()


def test_a_class_of_the_analyst_counts_before_the_uncertainty(export, labels):
    lines, _ = export(labels({"weight": 3.0, "uncertainty_minus_s": 0.01, "uncertainty_plus_s": 0.01}))
    assert lines[0][7] == "3"
