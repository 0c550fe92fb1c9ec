"""Names of traces come back from HDF5, pandas and SeisBench as they were written."""

from __future__ import annotations

import io

import h5py
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.exporters.trace_names import TraceNames, safe_name

AWKWARD = [
    "20181230",
    "1e5",
    "007",
    "NA",
    "nan",
    "None",
    "",
    " ",
    ".",
    "..",
    "a/b",
    "a$1,:3",
    "ü" * 400,
    "日本",
    "a\nb",
    "-",
]


@pytest.mark.parametrize("name", ["109C.TA_20060723155859_EV", "SS48.XW_20161027191201_NO", "nc71111584", "Höfn 日本"])
def test_a_name_that_can_be_read_back_is_kept(name):
    assert safe_name(name) == name


def comes_back(name: str) -> bool:
    table = pd.DataFrame({"trace_name": [name]}).to_csv(index=False)
    read = str(pd.read_csv(io.StringIO(table))["trace_name"][0])
    with h5py.File(io.BytesIO(), "w") as file:
        group = file.create_group("data")
        group.create_dataset(read, data=[1.0])
        return list(group) == [name] and "$" not in name


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_name_comes_back(name):
    assert comes_back(safe_name(name))


@settings(max_examples=200, deadline=None)
@given(name=st.text(max_size=300))
def test_any_name_comes_back(name):
    assert comes_back(safe_name(name))


def test_long_names_that_begin_alike_stay_apart():
    assert safe_name("x" * 5000 + "a") != safe_name("x" * 5000 + "b")


def test_names_that_become_alike_are_numbered():
    names = TraceNames()
    assert [names.take(name) for name in ("a/b", "a$b", "a_b", "c")] == ["a_b", "a_b_2", "a_b_3", "c"]
