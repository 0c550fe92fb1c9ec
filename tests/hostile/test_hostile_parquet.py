"""Parquet files that are not as they should be: each row is read or reported, each file read or refused in words."""

import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import SourceError
from workbench.sources import open_source
from workbench.sources.ogs.reading import read_catalog
from workbench.sources.ogs.tables import EVENT_COLUMNS, PICK_TABLE_COLUMNS, catalog_tables

TIMES = pd.to_datetime(["2024-01-01T13:21:37.690", "2024-03-05T01:02:03.5", "2024-12-31T23:59:59.99"])
PLACE = {"time": TIMES, "latitude": [46.3, 46.0, 45.9], "longitude": [13.0, 12.0, 13.5], "depth": [5.0, 10.0, 0.0]}
GOOD = {
    "dat": {
        "index": [2024000001] * 3, "time": TIMES, "station": [".ABTA.", ".BAD.", ".CSM."], "phase": ["P", "S", "P"],
        "WEIGHT": [0, 2, 4],
    },
    "hpl": {**PLACE, "idx": [2024000001, 2024000002, 2024000003], "number_p_picks": [5, 6, 7], "ML": [1.1, 0.5, 2.0]},
    "pun": {**PLACE, "MD": [1.1, 0.5, 2.0], "RMS": [0.1, 0.2, 0.3], "QM": ["B1", "C1", "D1"]},
    "txt": {
        **PLACE, "MD": [1.0, 0.4, 1.9], "ML": [1.1, 0.5, 2.0], "LOC_NAME": ["TOLMEZZO (FRIULI)", "", None],
        "E_TYPE": ["[earthquake]"] * 3,
    },
}  # fmt: skip
ODD_VALUES = [
    None, "", "text", "*****", -1, 7.5, 1e30, float("inf"), float("nan"), True, b"\xff\x00", [1, 2], {"a": 1},
    2**63 - 1, -(2**63), "2024-13-45", "1600-01-01", pd.Timestamp("1900-01-01"), "é" * 500, "\x00",
]  # fmt: skip


def write(path, columns):
    pq.write_table(pa.table({name: pa.array(list(values)) for name, values in columns.items()}), path)
    return path


def read_or_refusal(path):
    """What was read, or the words of the one error that there may be."""
    try:
        return "", read_catalog([path])
    except SourceError as error:
        return str(error), []


def rows_of(text):
    return text.kinds["pick"] + text.kinds["event"] + text.kinds["unread"]


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_the_good_one_is_read(tmp_path, kind):
    (text,) = read_catalog([write(tmp_path / "a.parquet", GOOD[kind])])
    assert (text.format, rows_of(text), len(text.unread)) == (f"{kind}.parquet", 3, 0)


@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(sorted(GOOD)), which=st.randoms(use_true_random=False))
def test_an_odd_value_is_read_or_reported(tmp_path_factory, kind, which):
    folder = tmp_path_factory.mktemp("odd")
    columns = dict(GOOD[kind])
    name, odd = which.choice(sorted(columns)), which.choice(ODD_VALUES)
    # Of one type throughout: a column of parquet has no other.
    columns[name] = [odd] * 3
    try:
        path = write(folder / "a.parquet", columns)
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        return
    (text,) = read_catalog([path])
    assert rows_of(text) == 3
    assert len(text.events) + len(text.picks) + len(text.unread) == 3
    assert all(line.reason and line.line in (1, 2, 3) for line in text.unread)
    events, picks = catalog_tables([text])
    assert list(events) == list(EVENT_COLUMNS)
    assert list(picks) == list(PICK_TABLE_COLUMNS)


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_without_a_column_that_it_needs_it_is_no_catalogue(tmp_path, kind):
    for name in GOOD[kind]:
        path = write(tmp_path / "a.parquet", {other: GOOD[kind][other] for other in GOOD[kind] if other != name})
        refused, texts = read_or_refusal(path)
        assert "no catalogue of OGS" in refused or rows_of(texts[0]) == 3


@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(sorted(GOOD)), seed=st.integers(0, 2**32 - 1))
def test_damaged_bytes_are_refused_in_words(tmp_path_factory, kind, seed):
    path = write(tmp_path_factory.mktemp("bytes") / "a.parquet", GOOD[kind])
    rng = random.Random(seed)
    raw = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 40)):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    path.write_bytes(bytes(raw[: rng.randint(0, len(raw))]) if rng.random() < 0.5 else bytes(raw))
    refused, texts = read_or_refusal(path)
    assert "a.parquet" in refused or len(catalog_tables(texts)) == 2


@pytest.mark.parametrize("raw", [b"", b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1", b"station lat lon\n", bytes(range(256))])
def test_what_is_no_parquet_says_so(tmp_path, raw):
    (tmp_path / "a.parquet").write_bytes(raw)
    with pytest.raises(SourceError, match="no parquet file"):
        read_catalog([tmp_path / "a.parquet"])
    # Beside a good one it is reported, and the good one is read.
    write(tmp_path / "b.parquet", GOOD["pun"])
    bad, good = sorted(read_catalog([tmp_path]), key=lambda text: text.path.name)
    assert (len(bad.unread), len(good.events)) == (1, 3)
    assert any("a.parquet, line 0" in line for line in open_source(tmp_path).scan().attrs["notices"])


def test_times_with_a_zone_are_brought_to_utc(tmp_path):
    times = TIMES.tz_localize("Europe/Rome")
    path = write(tmp_path / "a.parquet", {**GOOD["pun"], "time": pa.array(times, pa.timestamp("ns", "Europe/Rome"))})
    (text,) = read_catalog([path])
    assert pd.Timestamp(text.events[0].time_ns) == pd.Timestamp("2024-01-01T12:21:37.690")


def test_nulls_in_numbers_are_missing_and_in_times_unread(tmp_path):
    columns = {**GOOD["hpl"], "depth": [None, 10.0, 0.0], "time": [TIMES[0], None, TIMES[2]]}
    (text,) = read_catalog([write(tmp_path / "a.parquet", columns)])
    assert np.isnan(text.events[0].depth_km)
    assert [(line.line, "no time" in line.reason) for line in text.unread] == [(2, True)]
