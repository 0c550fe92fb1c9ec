"""Catalogue files of OGS: real excerpts against values read by hand, and lines that are not as they should be."""

import gzip
import math
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import SourceError
from workbench.sources.ogs.dat import read_dat
from workbench.sources.ogs.hpl import read_hpl
from workbench.sources.ogs.pun import read_pun
from workbench.sources.ogs.reading import read_catalog
from workbench.sources.ogs.records import CatalogText
from workbench.sources.ogs.tables import catalog_tables
from workbench.sources.ogs.txt import read_txt

DAT = "BOO iPC010501011422 1018        1095iS 2                      FLD       480   3 gg"
S_ALONE = "BUA    4 8401061557 0000        1210iS                        FL             11  g"
PUN = "12304201632 35.43 46-24.83  13-47.64   0.23   1.73  9 196 17.9 2.24 10.1***** D1"
TXT = "00010 2005_00010 2005-01-03T03:09:59.830  0.25 46.1547 12.4360   0.7   8.5   0.9 147 ----  2.6 PUOS D'ALPAGO (VENETO) [earthquake]"  # noqa: E501
HEAD = "     31050101 2359  9.04 46-21.00  13- 5.74   7.00   2.43 24  3  59 1 0.24  0.5  1.2 B B/A 3.17 10 28 0.00 0.16  0  0.0  0.0 11  2.4  0.1 2  0.4  0.4          1"  # noqa: E501
STATION = "     3 COLI  32.7 137 102 iPD0  0 0 21.05  5.73  5.71  0.00  0.02  1.12   0  0  0.00 0      FLD1042 2.2* eS 0 65.95 10.63  0.47   1.1      COLI    gg"  # noqa: E501
READERS = {"dat": read_dat, "hpl": read_hpl, "pun": read_pun, "txt": read_txt}
GOOD = {"dat": (DAT, S_ALONE), "hpl": ("^M.RITE (FRIULI)", HEAD, STATION, "* felt"), "pun": (PUN,), "txt": (TXT,)}


def read(tmp_path, kind, *lines):
    path = tmp_path / f"made.{kind}"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines) + b"\n")
    found = CatalogText(path, kind)
    READERS[kind](found)
    return found


def when(record):
    return str(pd.Timestamp(record.time_ns))


def test_every_line_of_the_real_files_is_read(shared_data):
    texts = read_catalog([shared_data / "ogs" / "native", shared_data / "ogs" / "OGSCatalog"])
    assert [unread for text in texts for unread in text.unread] == []
    assert {text.path.name: (len(text.events), len(text.picks)) for text in texts} == {
        "events.pun": (21, 0),
        "hypo71.hpl": (6, 35),
        "hypo71.txt": (13, 0),
        "nll1d.hpl": (3, 19),
        "nll1d.txt": (4, 0),
        "picks.dat": (16, 98),
        "onlyEQ-2024.dat.parquet": (0, 25670),
        "onlyEQ-2024.hpl.parquet": (1778, 0),
        "onlyEQ-2024.pun.parquet": (1778, 0),
        "onlyEQ-2024.txt.parquet": (1349, 0),
        "onlyEQ_NLL1D-2024.hpl.parquet": (1777, 0),
    }
    for text in texts[:6]:
        assert sum(text.kinds.values()) == len(text.path.read_text().splitlines())
    methods = {text.path.name: {event.location_method for event in text.events} for text in texts}
    assert methods["hypo71.hpl"] == {"hypo71"}
    assert methods["nll1d.hpl"] == {"nonlinloc"}


def test_real_dat_lines_mean_what_they_say(shared_data):
    (text,) = read_catalog([shared_data / "ogs" / "native" / "picks.dat"])
    by_place = {(pick.station, pick.phase, pick.key): pick for pick in text.picks}
    assert when(by_place["BAD", "P", "1977_00692"]) == "1977-11-02 07:00:00.600000"
    assert when(by_place["COLI", "S", "1977_00008"]) == "1977-05-07 20:11:05.300000"
    assert when(by_place["LSR", "S", "2004_00001"]) == "2004-01-01 00:19:00.510000"
    assert by_place["AMBE", "P", "1980_01148"].polarity == "negative"
    assert by_place["AMBE", "S", "1980_01148"].onset_quality == "emergent"
    assert by_place["OBKA", "P", "2005_00003"].weight_class == 4
    assert Counter(event.event_type for event in text.events)["chemical explosion"] == 1


def test_ml_and_md_of_parquet_files_are_put_right(shared_data):
    events, picks = catalog_tables(read_catalog([shared_data / "ogs" / "OGSCatalog"]))
    by_format = {name: rows.set_index("event_id") for name, rows in events.groupby("format")}
    txt, pun = by_format["txt.parquet"], by_format["pun.parquet"]
    assert (txt["md"] - pun["md"].reindex(txt.index)).abs().median() < 0.06
    hpl = events[(events["format"] == "hpl.parquet") & (events["location_method"] == "hypo71")].set_index("event_id")
    pd.testing.assert_series_equal(hpl["md"].sort_index(), pun["md"].sort_index())
    assert txt.index.isin(pun.index).all()
    assert pun["erh_km"].isna().sum() == 21
    assert picks[picks["event_id"] != ""]["key"].nunique() == 1778


def test_texts_of_parquet_files_that_are_nowhere_given_are_empty(shared_data, tmp_path):
    texts = ["E_TYPE", "LOC_NAME", "QM"]
    for file in ("onlyEQ-2024.txt.parquet", "onlyEQ-2024.pun.parquet"):
        rows = pd.read_parquet(shared_data / "ogs" / "OGSCatalog" / file).head(3)
        rows.assign(**dict.fromkeys(rows.columns.intersection(texts), math.nan)).to_parquet(tmp_path / file)
    events, _ = catalog_tables(read_catalog([tmp_path]))
    assert len(events) == 6
    assert (events[["place", "region", "note", "event_type", "quality"]] == "").all(axis=None)


def test_columns_of_a_summary_card_and_a_web_line(tmp_path):
    (event,) = read(tmp_path, "pun", PUN).events
    assert when(event) == "2023-04-20 16:32:35.430000"
    assert event.latitude_deg == pytest.approx(46 + 24.83 / 60)
    assert (event.md, event.n_arrivals, event.gap_deg, event.nearest_station_km) == (1.73, 9, 196, 17.9)
    assert (event.rms_s, event.erh_km, event.quality) == (2.24, 10.1, "D1")
    assert math.isnan(event.erz_km)
    (event,) = read(tmp_path, "txt", TXT).events
    assert (event.place, event.region, event.key, event.md) == ("PUOS D'ALPAGO", "VENETO", "2005_00010", 2.6)
    assert math.isnan(event.ml)


def test_a_listing_goes_past_midnight_and_keeps_notes(tmp_path):
    found = read(tmp_path, "hpl", *GOOD["hpl"])
    (event,), (p, s) = found.events, found.picks
    assert (event.place, event.note, event.zone) == ("M.RITE", "felt", "F")
    assert (when(p), when(s)) == ("2005-01-02 00:00:21.050000", "2005-01-02 00:01:05.950000")
    assert (p.duration_s, p.magnitude, p.residual_s, p.distance_km, p.weight) == (1042, 2.2, 0.02, 32.7, 1.12)


def test_a_station_with_s_alone_has_no_p(tmp_path):
    (pick,) = read(tmp_path, "dat", S_ALONE).picks
    assert (pick.phase, when(pick)) == ("S", "1984-01-06 15:57:12.100000")


@pytest.mark.parametrize(
    ("kind", "line", "reason"),
    [
        ("dat", DAT[:8] + " 240101" + DAT[15:], "1924"),
        ("dat", DAT[:8] + "2" + DAT[9:], "century"),
        ("dat", DAT[:23], "cut off"),
        ("dat", DAT[:30] + "\0" + DAT[31:], "control"),
        ("dat", DAT + "x" * 5000, "bytes"),
        ("pun", PUN[:75], "cut off"),
        ("txt", TXT[:90], "cut off"),
        ("hpl", STATION, "stands above none"),
        ("hpl", "* a note", "no event"),
    ],
)
def test_a_line_that_cannot_be_read_is_reported(tmp_path, kind, line, reason):
    found = read(tmp_path, kind, *(() if kind == "hpl" else (GOOD[kind][0],)), line)
    (unread,) = found.unread
    assert reason in unread.reason
    assert unread.line == (1 if kind == "hpl" else 2)


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(sorted(READERS)), raw=st.data())
def test_no_line_crashes_a_reader_or_gets_lost(tmp_path_factory, kind, raw):
    lines = []
    for _ in range(raw.draw(st.integers(1, 5))):
        line = bytearray(raw.draw(st.sampled_from(GOOD[kind])).encode())
        for _ in range(raw.draw(st.integers(0, 4))):
            line[raw.draw(st.integers(0, len(line) - 1))] = raw.draw(st.integers(0, 255))
        line = bytes(line[: raw.draw(st.integers(0, len(line)))]) + raw.draw(st.binary(max_size=8))
        lines.append(line)
    text = b"\n".join(lines) + b"\n"
    found = read(tmp_path_factory.mktemp("hostile"), kind, *lines)
    assert sum(found.kinds.values()) == text.count(b"\n")
    assert found.kinds["unread"] == len(found.unread)


def test_what_is_no_catalogue_is_said(tmp_path):
    (tmp_path / "made.dat").write_text("station lat lon\n")
    with pytest.raises(SourceError, match="no catalogue of OGS"):
        read_catalog([tmp_path])


WRITTEN = {
    "windows": lambda raw: raw.replace(b"\n", b"\r\n"),
    "windows and a mark of UTF-8": lambda raw: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"),
    "dos, with its end of file": lambda raw: raw + b"\x1a",
    "without an end": lambda raw: raw.rstrip(b"\n"),
    "padded": lambda raw: b"\n".join(line.ljust(240) for line in raw.split(b"\n")),
    "trimmed": lambda raw: b"\n".join(line.rstrip() for line in raw.split(b"\n")),
    "gzip": gzip.compress,
}


@pytest.mark.parametrize("how", sorted(WRITTEN))
def test_however_a_file_was_written_it_says_the_same(shared_data, tmp_path, how):
    """Real files; line numbers stay those of the file."""
    suffix = ".gz" if how == "gzip" else ""
    for file in sorted((shared_data / "ogs" / "native").iterdir()):
        (tmp_path / f"{file.name}{suffix}").write_bytes(WRITTEN[how](file.read_bytes()))
    for text, plain in zip(read_catalog([tmp_path]), read_catalog([shared_data / "ogs" / "native"]), strict=True):
        assert text.path.name == f"{plain.path.name}{suffix}"
        assert text.unread == []
        for ours, theirs in ((text.events, plain.events), (text.picks, plain.picks)):
            assert len(ours) == len(theirs)
            assert str(ours).replace(text.file, "") == str(theirs).replace(plain.file, "")


def test_a_packed_file_that_was_cut_off_gives_what_there_is_and_says_where_it_ends(tmp_path):
    lines = [DAT[:60] + f"{n % 10}" + DAT[61:] for n in range(2000)]
    packed = gzip.compress("\n".join(lines).encode())
    (tmp_path / "year.dat.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "other.dat").write_text(S_ALONE + "\n")
    other, text = read_catalog([tmp_path])
    assert len(other.picks) == 1
    assert 0 < len(text.picks) < 4000
    (unread,) = text.unread
    assert "cannot be unpacked" in unread.reason
    assert unread.line == text.picks[-1].line + 1
