"""The same network in ONNX Runtime: same picks, small files, no torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from workbench.errors import PickerError
from workbench.inference.feeds import replay
from workbench.inference.onnx_export import calibration_windows, export_onnx, quantise
from workbench.inference.onnx_network import OnnxNetwork
from workbench.inference.streaming import StreamPicker
from workbench.pickers import open_picker
from workbench.schema import make_recording
from workbench.training.synthetic import coloured_noise, synthetic_event


@pytest.fixture(scope="module")
def recording():
    rng = np.random.default_rng(1)
    samples = 0.01 * coloured_noise(rng, (3, 18_000))
    for first in (2000, 8000, 12_000):
        samples[:, first : first + 6000] += synthetic_event(rng, n_samples=6000, p_sample=500).samples
    return make_recording(
        samples[None], stations=["XX.A."], components=list("ZNE"), start="2024-01-01", sampling_rate_hz=100.0,
        recording_id="r", source="test",
    )  # fmt: skip


@pytest.fixture(scope="module")
def windows(recording):
    return calibration_windows([recording], 40, np.random.default_rng(0))


@pytest.fixture(scope="module")
def files(tmp_path_factory, windows):
    folder = tmp_path_factory.mktemp("onnx")
    whole = export_onnx("25k", folder / "xiaonet.onnx")
    return whole, quantise(whole, folder / "xiaonet_int8.onnx", windows)


def test_float_file_gives_what_torch_gives_also_for_missing_samples(files, windows):
    windows = windows.copy()
    windows[3, 1, 500:900] = np.nan
    windows[4, 2] = np.nan
    np.testing.assert_allclose(
        OnnxNetwork(files[0]).evaluate(windows), open_picker("xiaonet", "25k").evaluate(windows), atol=2e-5
    )


def test_int8_file_is_smaller_and_near(files, windows):
    assert files[1].stat().st_size < files[0].stat().st_size
    difference = np.abs(OnnxNetwork(files[1]).evaluate(windows) - open_picker("xiaonet", "25k").evaluate(windows))
    assert difference.mean() < 0.02
    assert OnnxNetwork(files[1]).thresholds == OnnxNetwork(files[0]).thresholds


def test_stream_of_onnx_gives_the_picks_of_torch(files, recording):
    picker = open_picker("xiaonet", "25k")
    packets = list(replay([recording], packet_s=5.0))
    found = []
    for network in (picker, OnnxNetwork(files[0])):
        streaming = StreamPicker(network.evaluate, network.grid, picker.card.thresholds)
        found.append([(pick.phase, pick.time) for pick in streaming.pick_all(packets)])
    assert found[0] == found[1]
    assert len(found[0]) >= 4


def test_an_edge_process_needs_neither_torch_nor_pandas(files):
    code = (
        "import sys, numpy as np\n"
        "from workbench.inference.onnx_network import OnnxNetwork\n"
        "from workbench.inference.streaming import Packet, StreamPicker\n"
        "network = OnnxNetwork(sys.argv[1])\n"
        "picker = StreamPicker(network.evaluate, network.grid, network.thresholds)\n"
        "noise = np.random.default_rng(0).standard_normal(6000).astype('f4')\n"
        "for letter in 'ZNE':\n"
        "    picker.push(Packet('XX.A.', letter, np.datetime64('2024-01-01', 'ns'), noise))\n"
        "picker.flush()\n"
        "print(sorted({'torch', 'pandas', 'xarray', 'seisbench', 'obspy'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(files[0])], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(PickerError, match="There is no file"):
        OnnxNetwork(tmp_path / "nothing.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no graph at all")
    with pytest.raises(PickerError, match="no ONNX file that can be run"):
        OnnxNetwork(tmp_path / "bad.onnx")
