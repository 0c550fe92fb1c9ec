"""Every column of every native format: a made line gives each value back, and real lines what slicing them gives.

Columns are counted from 1 and inclusive, as in the description of the formats; nothing here uses the readers' cutting.
"""

import datetime as dt
import math

import pandas as pd
import pytest

from workbench.sources.ogs.dat import read_dat
from workbench.sources.ogs.hpl import read_hpl
from workbench.sources.ogs.pun import read_pun
from workbench.sources.ogs.records import CatalogText
from workbench.sources.ogs.txt import read_txt

READERS = {"dat": read_dat, "hpl": read_hpl, "pun": read_pun, "txt": read_txt}

DAT = {
    (1, 4): "CLA1", (5, 5): "e", (6, 6): "P", (7, 7): "D", (8, 8): "2", (9, 9): "1", (10, 19): "0501011422",
    (21, 24): "5826", (33, 36): "7650", (37, 37): "i", (38, 38): "S", (40, 40): "5", (63, 63): "T", (64, 64): "F",
    (65, 65): "D", (71, 75): "  480", (76, 79): "   3", (81, 82): "gg",
}  # fmt: skip
EVENT = {
    (1, 6): "   123", (7, 7): "1", (8, 13): "050131", (15, 18): " 3 9", (20, 24): " 9.04", (26, 33): "46- 9.28",
    (36, 43): "13- 5.74", (46, 50): "12.34", (52, 57): "  2.43", (59, 60): "24", (61, 63): " 33", (65, 67): "359",
    (69, 69): "1", (71, 74): "0.24", (76, 79): "10.5", (80, 84): " 11.2", (86, 86): "B", (88, 90): "B/A",
    (126, 127): "11", (129, 132): " 2.4", (159, 160): " 1",
}  # fmt: skip
STATION = {
    (1, 6): "   123", (8, 11): "ZOU2", (13, 17): "113.1", (19, 21): "102", (23, 25): "154", (27, 27): "i",
    (28, 28): "P", (29, 29): "d", (30, 30): "3", (32, 35): " 3 9", (37, 41): "59.04", (43, 47): "50.00",
    (49, 53): "48.88", (55, 59): " 0.00", (61, 65): "-1.31", (67, 71): " 1.27", (93, 93): "S", (94, 94): "E",
    (95, 95): "D", (96, 99): "1042", (100, 104): "-0.3*", (106, 106): "e", (107, 107): "S", (109, 109): "2",
    (111, 115): "76.50", (117, 121): "67.46", (123, 127): "-0.45", (130, 133): "0.60", (140, 143): "ZOU2",
    (148, 149): "n ",
}  # fmt: skip
PUN = {
    (1, 1): "1", (2, 7): "230420", (8, 11): " 3 9", (13, 17): " 5.43", (19, 26): "46- 4.83", (29, 36): "13-47.64",
    (39, 43): "10.23", (46, 50): "-0.12", (52, 53): "11", (55, 57): "196", (58, 62): " 17.9", (63, 67): " 2.24",
    (68, 72): " 10.1", (73, 77): " 12.3", (79, 80): "D1",
}  # fmt: skip
TXT = {
    (1, 5): "00010", (7, 16): "2017_00305", (18, 40): "2017-02-21T09:36:34.590", (42, 46): " 0.14", (48, 54): "46.6122",
    (56, 62): "12.3707", (64, 68): "  2.2", (70, 74): " 10.4", (76, 80): "  3.5", (82, 84): "286", (86, 89): " 1.0",
    (91, 94): " 1.2", (96, 140): "S.LEONARDO D'ALPAGO-RE (ALTO ADIGE) [suspected slide]",
}  # fmt: skip


def line_of(columns, **changes):
    """A line with each text in its columns; a change is named by its first column (``c21="    "``)."""
    text = [" "] * 200
    for (first, last), value in columns.items():
        value = changes.get(f"c{first}", value)
        assert last >= 96 or len(value) == last - first + 1, (first, value)
        text[first - 1 : first - 1 + len(value)] = value
    return "".join(text).rstrip()


def read(tmp_path, kind, *lines):
    path = tmp_path / f"made.{kind}"
    path.write_text("\n".join(lines) + "\n")
    found = CatalogText(path, kind)
    READERS[kind](found)
    return found


def when(record):
    return str(pd.Timestamp(record.time_ns))


def test_every_column_of_dat(tmp_path):
    found = read(tmp_path, "dat", line_of(DAT))
    p, s = found.picks
    assert (p.station, p.phase, when(p), p.key) == ("CLA1", "P", "2005-01-01 14:22:58.260000", "2005_00003")
    assert (p.onset_quality, p.polarity, p.weight_class, p.duration_s) == ("emergent", "negative", 2, 480.0)
    assert (s.station, s.phase, when(s)) == ("CLA1", "S", "2005-01-01 14:23:16.500000")
    assert (s.onset_quality, s.polarity, s.weight_class) == ("impulsive", "", 5)
    (event,) = found.events
    assert (event.zone, event.event_type, event.located, event.n_arrivals) == ("T", "landslide", True, 2)


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"c9": " ", "c10": "7711020660"}, "1977-11-02 07:00:58.260000"),
        ({"c9": " ", "c10": "97 1 2 3 9"}, "1997-01-02 03:09:58.260000"),
        ({"c9": " ", "c10": "8010141333", "c6": "p", "c8": " "}, "1980-10-14 13:33:58.260000"),
        ({"c10": "0512312360", "c21": "0140"}, "2006-01-01 00:00:01.400000"),
        ({"c21": " 140"}, "2005-01-01 14:22:01.400000"),
        ({"c10": "0402290000"}, "2004-02-29 00:00:58.260000"),
    ],
)
def test_century_minute_sixty_and_padding_of_dat(tmp_path, changes, first):
    found = read(tmp_path, "dat", line_of(DAT, **changes))
    assert found.unread == []
    assert when(found.picks[0]) == first


@pytest.mark.parametrize(("letter", "polarity"), [("C", "positive"), ("c", "positive"), ("+", "positive"),
                                                  ("D", "negative"), ("-", "negative"), (" ", "")])  # fmt: skip
def test_polarities_of_dat(tmp_path, letter, polarity):
    assert read(tmp_path, "dat", line_of(DAT, c7=letter)).picks[0].polarity == polarity


def test_every_column_of_hpl(tmp_path):
    found = read(tmp_path, "hpl", "^S.PIETRO D'ISONZO (VENEZIA GIULIA)", line_of(EVENT), line_of(STATION))
    assert found.unread == []
    (event,), (p, s) = found.events, found.picks
    assert (event.key, when(event), event.place, event.region) == (
        "2005_00123", "2005-01-31 03:09:09.040000", "S.PIETRO D'ISONZO", "VENEZIA GIULIA",
    )  # fmt: skip
    assert event.latitude_deg == pytest.approx(46 + 9.28 / 60)
    assert event.longitude_deg == pytest.approx(13 + 5.74 / 60)
    assert (event.depth_km, event.md, event.n_arrivals, event.nearest_station_km) == (12.34, 2.43, 24, 33.0)
    assert (event.gap_deg, event.rms_s, event.erh_km, event.erz_km) == (359.0, 0.24, 10.5, 11.2)
    assert (event.quality, event.n_md_stations, event.zone, event.event_type) == ("B B/A", 11, "S", "explosion")
    assert (p.station, when(p), p.onset_quality, p.polarity) == (
        "ZOU2", "2005-01-31 03:09:59.040000", "impulsive", "negative",
    )  # fmt: skip
    assert (p.weight_class, p.distance_km, p.azimuth_deg, p.takeoff_deg) == (3, 113.1, 102.0, 154.0)
    assert (p.travel_time_s, p.residual_s, p.weight, p.duration_s, p.magnitude) == (50.0, -1.31, 1.27, 1042.0, -0.3)
    assert (when(s), s.onset_quality, s.weight_class) == ("2005-01-31 03:10:16.500000", "emergent", 2)
    assert (s.travel_time_s, s.residual_s, s.weight) == (67.46, -0.45, 0.6)


def test_a_p_that_stands_for_none_is_no_pick(tmp_path):
    """As the files of 2009 and 2012 have it: a station with S alone has a P of class 4 at 0.00 s, and the flag " g"."""
    alone = {"c5": " ", "c7": " ", "c8": "4", "c21": "0000", "c81": " g"}
    found = read(tmp_path, "dat", line_of(DAT, **alone))
    assert (found.unread, [pick.phase for pick in found.picks]) == ([], ["S"])
    assert (found.picks[0].duration_s, found.events[0].n_arrivals) == (480.0, 1)
    station = {"c27": " ", "c29": " ", "c30": "4", "c37": " 0.00", "c148": " g"}
    found = read(tmp_path, "hpl", line_of(EVENT), line_of(STATION, **station))
    assert (found.unread, [pick.phase for pick in found.picks]) == ([], ["S"])
    assert found.picks[0].duration_s == 1042.0
    # One that was read at a full minute, is not to be used, or has an onset or a first motion, is a pick.
    for changes in ({"c81": "gg"}, {"c8": "3"}, {"c21": "0001"}, {"c5": "i"}, {"c7": "C"}):
        found = read(tmp_path, "dat", line_of(DAT, **alone | changes))
        assert [pick.phase for pick in found.picks] == ["P", "S"]


def test_a_station_that_the_listing_has_no_place_for_stands_nowhere(tmp_path):
    """As VISS stands in the NonLinLoc listing of 2006."""
    nowhere = {"c13": "  0.0", "c19": "  0", "c23": "  0", "c61": " 0.00", "c123": " 0.00"}
    found = read(tmp_path, "hpl", line_of(EVENT), line_of(STATION, **nowhere))
    for pick in found.picks:
        assert all(math.isnan(x) for x in (pick.distance_km, pick.azimuth_deg, pick.takeoff_deg, pick.residual_s))
    (remark,) = found.remarks()
    assert "(line 2)" in remark
    near = read(tmp_path, "hpl", line_of(EVENT), line_of(STATION, c13="  0.0", c19="  0", c23="178"))
    assert (near.picks[0].distance_km, near.picks[0].residual_s) == (0.0, -1.31)


def test_hpl_without_s_without_origin_and_with_overflow(tmp_path):
    blank = dict.fromkeys(("c106", "c107", "c109"), " ") | dict.fromkeys(("c111", "c117", "c123"), "     ")
    found = read(tmp_path, "hpl", line_of(EVENT, c76="****", c80="*****"), line_of(STATION, **blank, c130="    "))
    assert math.isnan(found.events[0].erh_km)
    assert math.isnan(found.events[0].erz_km)
    assert [pick.phase for pick in found.picks] == ["P"]
    empty = {f"c{first}": " " * (last - first + 1) for first, last in EVENT if 20 <= first <= 90 and first != 52}
    (event,) = read(tmp_path, "hpl", line_of(EVENT, **empty), line_of(STATION)).events
    assert (event.located, event.time_of, when(event), event.md) == (False, "minute", "2005-01-31 03:09:00", 2.43)


def test_every_column_of_pun(tmp_path):
    (event,) = read(tmp_path, "pun", " DATE    ORIGIN    LAT N    LONG E", line_of(PUN)).events
    assert when(event) == "2023-04-20 03:09:05.430000"
    assert event.latitude_deg == pytest.approx(46 + 4.83 / 60)
    assert event.longitude_deg == pytest.approx(13 + 47.64 / 60)
    assert (event.depth_km, event.md, event.n_arrivals, event.gap_deg) == (10.23, -0.12, 11, 196.0)
    assert (event.nearest_station_km, event.rms_s, event.erh_km, event.erz_km) == (17.9, 2.24, 10.1, 12.3)
    assert event.quality == "D1"


def test_pun_with_blanks_overflow_and_the_last_century(tmp_path):
    lines = line_of(PUN, c68="     ", c73="*****", c46="     "), line_of(PUN, c1=" ", c2="990101", c8="0660")
    first, second = read(tmp_path, "pun", *lines).events
    assert all(math.isnan(value) for value in (first.erh_km, first.erz_km, first.md))
    assert when(second) == "1999-01-01 07:00:05.430000"


def test_every_column_of_txt(tmp_path):
    (event,) = read(tmp_path, "txt", line_of(TXT), line_of(TXT), line_of(TXT)).events[:1]
    assert (event.key, when(event), event.rms_s) == ("2017_00305", "2017-02-21 09:36:34.590000", 0.14)
    assert (event.latitude_deg, event.longitude_deg, event.erh_km, event.depth_km) == (46.6122, 12.3707, 2.2, 10.4)
    assert (event.erz_km, event.gap_deg, event.ml, event.md) == (3.5, 286.0, 1.0, 1.2)
    assert (event.place, event.region, event.event_type) == ("S.LEONARDO D'ALPAGO-RE", "ALTO ADIGE", "suspected slide")


def test_dashes_of_txt_are_missing(tmp_path):
    dashed = {f"c{first}": "-" * (last - first + 1) for first, last in TXT if 42 <= first <= 94}
    line = line_of(
        TXT, **dashed, c96="Not localized with first station DRE(picks identified on 1 stations) [earthquake]"
    )
    (event,) = read(tmp_path, "txt", line).events
    assert (event.located, event.place, event.event_type) == (False, "", "earthquake")
    numbers = (event.rms_s, event.latitude_deg, event.longitude_deg, event.erh_km, event.depth_km, event.erz_km)
    assert all(math.isnan(value) for value in (*numbers, event.gap_deg, event.ml, event.md))


# ---- real lines against slices of them


def cut(line, first, last):
    return line.ljust(200)[first - 1 : last].strip()


def at_minute(line, century, date, hhmm, seconds):
    """Time by plain arithmetic on slices."""
    year = (2000 if cut(line, century, century) == "1" else 1900) + int(cut(line, date, date + 1))
    month, day = (int(cut(line, date + n, date + n + 1)) for n in (2, 4))
    hour, minute = (int(cut(line, hhmm + n, hhmm + n + 1) or 0) for n in (0, 2))
    moment = dt.datetime(year, month, day) + dt.timedelta(hours=hour, minutes=minute, seconds=seconds)
    return pd.Timestamp(moment).round("ms")


def real(shared_data, name, kind):
    path = shared_data / "ogs" / "native" / name
    found = CatalogText(path, kind)
    READERS[kind](found)
    return found, path.read_text().splitlines()


def test_real_dat_lines_are_what_slices_give(shared_data):
    found, lines = real(shared_data, "picks.dat", "dat")
    assert len(found.picks) == 98
    for pick in found.picks:
        line = lines[pick.line - 1]
        at = {"P": 21, "S": 33}[pick.phase]
        assert pick.station == cut(line, 1, 4)
        assert pd.Timestamp(pick.time_ns) == at_minute(line, 9, 10, 16, int(cut(line, at, at + 3)) / 100)
        assert pick.weight_class == int(cut(line, *{"P": (8, 8), "S": (40, 40)}[pick.phase]) or 0)
    n_cards = sum(cut(line, 6, 6) in ("P", "p") for line in lines) + sum(
        cut(line, 38, 38) in ("S", "s") for line in lines
    )
    assert len(found.picks) == n_cards


@pytest.mark.parametrize(("name", "n_events", "n_picks"), [("hypo71.hpl", 6, 35), ("nll1d.hpl", 3, 19)])
def test_real_hpl_lines_are_what_slices_give(shared_data, name, n_events, n_picks):
    found, lines = real(shared_data, name, "hpl")
    assert (len(found.events), len(found.picks)) == (n_events, n_picks)
    for event in found.events:
        line = lines[event.line - 1]
        seconds = float(cut(line, 20, 24) or 0)
        assert pd.Timestamp(event.time_ns) == at_minute(line, 7, 8, 15, seconds)
        if event.located:
            degrees, minutes = cut(line, 26, 33).split("-")
            assert event.latitude_deg == pytest.approx(int(degrees) + float(minutes) / 60)
            assert (event.depth_km, event.rms_s) == (float(cut(line, 46, 50)), float(cut(line, 71, 74)))
    for pick in found.picks:
        line = lines[pick.line - 1]
        at = {"P": (37, 41, 61, 65), "S": (111, 115, 123, 127)}[pick.phase]
        assert (pick.station, pick.station) == (cut(line, 8, 11), cut(line, 140, 143))
        after_minute = float(cut(line, at[0], at[1])) % 60
        moment = pd.Timestamp(pick.time_ns)
        assert moment.second + moment.microsecond / 1e6 == pytest.approx(after_minute)
        residual = cut(line, at[2], at[3])
        assert (residual == "" and math.isnan(pick.residual_s)) or pick.residual_s == float(residual)


def test_real_pun_and_txt_lines_are_what_slices_give(shared_data):
    found, lines = real(shared_data, "events.pun", "pun")
    assert len(found.events) == len(lines) - 1 == 21
    for event in found.events:
        line = lines[event.line - 1]
        assert pd.Timestamp(event.time_ns) == at_minute(line, 1, 2, 8, float(cut(line, 13, 17)))
        erz = cut(line, 73, 77)
        assert (erz in ("", "*****") and math.isnan(event.erz_km)) or event.erz_km == float(erz)
    for name, n in (("hypo71.txt", 13), ("nll1d.txt", 4)):
        found, lines = real(shared_data, name, "txt")
        assert len(found.events) == len(lines) - 1 == n
        for event in found.events:
            line = lines[event.line - 1]
            assert pd.Timestamp(event.time_ns) == pd.Timestamp(cut(line, 18, 40))
            for value, first, last in ((event.ml, 86, 89), (event.md, 91, 94), (event.depth_km, 70, 74)):
                written = cut(line, first, last)
                assert math.isnan(value) if not written.strip("-") else value == float(written)
            assert not event.place or event.place in line
