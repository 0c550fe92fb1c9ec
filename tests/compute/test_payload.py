"""Values that travel arrive as they were, and bring nothing along."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workbench.compute.payload import decode, encode
from workbench.compute.wire import Wire, make_spool
from workbench.errors import JobError
from workbench.schema import PickerCard, empty_picks

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=12,
)
DTYPES = st.sampled_from(["?", "i1", "<i8", ">i4", "f2", "<f4", "f8", "c16", "U3", "S4", "<M8[ns]", "<m8[us]"])


@given(PLAIN)
def test_plain_values_come_back_as_they_went(value: object) -> None:
    assert decode(encode(value)) == value


@given(DTYPES.flatmap(lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0))))
def test_arrays_keep_type_shape_and_every_bit(array: np.ndarray) -> None:
    back = decode(encode(array))
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()
    assert back.flags.writeable or back.size == 0


@pytest.mark.parametrize(
    "value",
    [
        pd.Timestamp("2018-12-30T03:00:00.123456789"),
        pd.Timestamp("2018-12-30", tz="UTC"),
        pd.Timedelta("1.5s"),
        np.float32(1.5),
        np.datetime64("2018-12-30T03", "ns"),
        float("inf"),
        b"abc",
        Path("data") / "day.mseed",
        datetime.date(2018, 12, 30),
        {1: "one", (2, 3): "pair"},
        {"!": "array"},
        pytest.param({"a", "b"}, id="set"),
        frozenset({1}),
        (1, [2, (3,)]),
        PickerCard("phasenet", "PhaseNet", sampling_rate_hz=100.0, thresholds={"P": 0.3, "S": 0.3}),
    ],
    ids=str,
)
def test_values_of_seismology_come_back_as_they_went(value: object) -> None:
    back = decode(encode(value))
    assert back == value
    assert type(back) is type(value)


def test_missing_times_and_numbers_come_back() -> None:
    back = decode(encode([pd.NaT, float("nan"), np.float64("nan")]))
    assert back[0] is pd.NaT
    assert np.isnan(back[1])
    assert np.isnan(back[2])


def test_a_recording_comes_back_with_coordinates_attributes_and_gaps() -> None:
    times = np.datetime64("2018-12-30T03:00", "ns") + np.arange(5) * np.timedelta64(10, "ms")
    waveform = np.arange(30, dtype=np.float32).reshape(2, 3, 5)
    waveform[0, 0, 2] = np.nan
    recording = xr.Dataset(
        {"waveform": (("station", "component", "time"), waveform)},
        {
            "station": ["2C.BIT06.", "2C.BLK22."],
            "component": ["Z", "N", "E"],
            "time": times,
            "latitude_deg": ("station", [64.0, np.nan]),
        },
        {"sampling_rate_hz": 100.0, "history": ["read", "filtered"], "thresholds": {"P": 0.3}},
    )
    back = decode(encode(recording))
    xr.testing.assert_identical(back, recording)
    xr.testing.assert_identical(decode(encode(recording["waveform"])), recording["waveform"])
    back["waveform"].values[:] = 0


def test_tables_come_back_with_types_and_notices() -> None:
    table = pd.DataFrame(
        {
            "station": pd.array(["A", None], dtype="str"),
            "time": pd.to_datetime(["2018-12-30T03:00:00.000000001", None]).astype("datetime64[ns]"),
            "probability": np.array([0.5, np.nan], dtype=np.float32),
            "n": pd.array([1, None], dtype="Int64"),
        }
    )
    table.attrs["notices"] = ["one file was left out"]
    for value in (table, empty_picks(), table.iloc[:0]):
        back = decode(encode(value))
        pd.testing.assert_frame_equal(back, value)
        assert back.attrs == value.attrs


def test_what_cannot_travel_is_named_with_its_place() -> None:
    with pytest.raises(JobError, match=r"recordings\.read is of the type function, which cannot travel"):
        encode({"recordings": {"read": lambda: None}})
    with pytest.raises(JobError, match=r"The table picks cannot travel"):
        encode({"picks": pd.DataFrame({"mixed": [1, "a"]})})


@pytest.mark.parametrize("name", ["os:system", "subprocess:Popen", "workbench.cli:main", "workbench.schema:make_picks"])
def test_other_side_cannot_choose_what_is_called(name: str) -> None:
    tree = {"!": "dataclass", "type": name, "v": {"command": "touch here"}}
    with pytest.raises(JobError, match="Use the same version of workbench"):
        decode([json.dumps(tree).encode()])


@pytest.mark.parametrize("size", [0, 10, 3 * 2**20])
@pytest.mark.parametrize("by_file", [False, True])
def test_messages_of_any_size_arrive_whole(size: int, by_file: bool) -> None:
    spool = make_spool() if by_file else None
    near, far = Wire(2**20, spool), Wire(2**20, spool)
    buffers = [np.random.default_rng(0).bytes(size), b"", b"tail"]
    parts = list(near.cut({"kind": "run"}, buffers))
    assert all(sum(map(len, sent)) <= 2**20 for _, sent in parts)
    joined = [far.join(*part) for part in parts]
    assert joined[:-1] == [None] * (len(parts) - 1)
    header, received = joined[-1]
    assert header["kind"] == "run"
    assert [bytes(buffer) for buffer in received] == buffers
    near.close()
    assert spool is None or not spool.exists()


def test_a_lost_piece_is_told() -> None:
    near, far = Wire(4), Wire(4)
    parts = list(near.cut({"kind": "run"}, [b"0123456789"]))
    far.join(*parts[0])
    with pytest.raises(JobError, match="4 of 10 bytes arrived"):
        far.join(*parts[-1])


def test_a_file_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("secret")
    wire = Wire(spool=make_spool())
    with pytest.raises(JobError, match="not in the folder"):
        wire.join({"kind": "result", "file": str(tmp_path / "private"), "sizes": [6]}, [])
    wire.close()
