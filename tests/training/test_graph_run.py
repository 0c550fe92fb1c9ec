"""A whole small run of a network of stations: made networks, epochs, checkpoints, controls, and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from workbench.cli import cli
from workbench.errors import JobError, PickerError, RequirementError, SchemaError, SourceError
from workbench.networks.bundled import BUNDLED
from workbench.networks.epgnn import Epgnn
from workbench.networks.station_graph_net import StationGraphNet
from workbench.networks.weights_file import load_epgnn, load_station_graph_net, load_xiaonet
from workbench.training.checkpoints import load_checkpoint, save_weights
from workbench.training.graph_config import read_graph_config
from workbench.training.graph_objectives import StationGraphObjective, objective_of
from workbench.training.graph_run import train_graph

CONFIG = """
results = "{results}"
network = "{network}"
start_from = "5k"
channels = 8
epochs = {epochs}
batch_size = 2
{more}

[lessons]
train = 4
validation = 4
real = 0.0
unlabelled = 0.0
recorded_noise = 0.0

[lessons.made]
stations = [1.0, 3.0]
duration_s = 32.0
"""


@pytest.fixture
def run_file(tmp_path: Path):
    """Writes a configuration."""

    def write(network: str = "station_graph", epochs: int = 2, more: str = "", name: str = "run") -> Path:
        path = tmp_path / f"{name}.toml"
        text = CONFIG.format(results=tmp_path / name, network=network, epochs=epochs, more=more)
        path.write_text(text)
        return path

    return write


def test_run_leaves_weights_that_open_and_all_that_describes_it(run_file, tmp_path):
    config = read_graph_config(run_file())
    result = train_graph(config, tmp_path)
    network, _ = load_station_graph_net(str(result.weights))
    assert (network.size, network.channels) == ("5k", 8)
    folder = Path(config.results)
    assert [row["epoch"] for row in json.loads((folder / "history.json").read_text())] == [0, 1]
    assert json.loads((folder / "config.json").read_text())["lessons"]["train"] == 4
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["test"]["detection_n"] == scores["validation"]["detection_n"] == 4
    assert scores["test"]["validation_loss"] != scores["validation"]["validation_loss"]


def test_xiaonet_within_is_left_as_it_was_and_the_rest_is_trained(run_file, tmp_path):
    result = train_graph(read_graph_config(run_file()), tmp_path)
    network, _ = load_station_graph_net(str(result.weights))
    alone, _ = load_xiaonet("5k")
    assert all(torch.equal(value, network.alone.state_dict()[name]) for name, value in alone.state_dict().items())
    assert network.leave.weight.abs().max() > 0
    assert not torch.equal(network.head.weight, alone.head.weight)


def test_run_that_was_stopped_goes_on_to_the_same_weights(run_file, tmp_path):
    whole = train_graph(read_graph_config(run_file(name="whole")), tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train_graph(read_graph_config(run_file(name="stopped")), tmp_path, stop_in_epoch(2))
    assert load_checkpoint(tmp_path / "stopped" / "last.pt", architecture=read_graph_config(run_file()).architecture)
    resumed = train_graph(read_graph_config(run_file(name="stopped")), tmp_path)
    assert len(resumed.history) == 2
    one, other = (load_station_graph_net(str(result.weights))[0].state_dict() for result in (whole, resumed))
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def stop_in_epoch(number: int):
    def report(fraction: float, step: str) -> None:
        if step.startswith(f"epoch {number}"):
            raise KeyboardInterrupt

    return report


def test_second_run_trains_on_what_tells_of_events_and_leaves_the_curves(run_file, tmp_path):
    first = train_graph(read_graph_config(run_file(epochs=1, name="first")), tmp_path)
    changes = {"trains": "event", "weights": str(first.weights)}
    second = train_graph(read_graph_config(run_file(epochs=1, name="second"), changes), tmp_path)
    one, other = (load_station_graph_net(str(result.weights))[0].state_dict() for result in (first, second))
    moved = {name.partition(".")[0] for name, value in one.items() if not torch.equal(value, other[name])}
    assert moved == {"event"}


def test_run_from_weights_of_other_sizes_is_refused(run_file, tmp_path):
    path = tmp_path / "other.safetensors"
    save_weights(path, StationGraphNet("5k", 16, 1).state_dict(), architecture={
        "network": "station_graph", "size": "5k", "channels": 16, "rounds": 1,
    })  # fmt: skip
    with pytest.raises(SchemaError, match=r"channels=16, rounds=1, and says itself .*channels=8, rounds=2"):
        objective_of(read_graph_config(run_file(), {"weights": str(path)}))
    alike = read_graph_config(run_file(), {"weights": str(path), "channels": 16, "rounds": 1})
    assert objective_of(alike).network.channels == 16
    save_weights(path, Epgnn(16).state_dict(), architecture={"network": "epgnn", "channels": 16})
    with pytest.raises(SchemaError, match="channels=16, and says itself network=epgnn, channels=8"):
        objective_of(read_graph_config(run_file("epgnn"), {"weights": str(path)}))


@pytest.mark.parametrize("edges", ["none", "shuffled"])
def test_controls_train_too(run_file, tmp_path, edges):
    result = train_graph(read_graph_config(run_file(epochs=1), {"edges": edges}), tmp_path)
    assert np.isfinite(result.history[0]["validation_loss"])


def test_epgnn_trains_is_scored_and_opens(run_file, tmp_path):
    result = train_graph(read_graph_config(run_file("epgnn", epochs=1)), tmp_path)
    network, path = load_epgnn(str(result.weights))
    assert (network.channels, network.training, path) == (8, False, result.weights)
    with pytest.raises(PickerError, match="not of an EPGNN"):
        load_epgnn(str(BUNDLED / "xiaonet_5k.safetensors"))
    with pytest.raises(RequirementError, match="comes with none"):
        load_epgnn("none of these")
    assert {"detection_auc", "magnitude_n"} <= set(result.history[0])
    assert (tmp_path / "run" / "scores.json").is_file()


def test_checkpoint_of_another_architecture_is_refused(run_file, tmp_path):
    train_graph(read_graph_config(run_file(epochs=1)), tmp_path)
    with pytest.raises(PickerError, match="channels=8"):
        train_graph(read_graph_config(run_file(epochs=2), {"channels": 16}), tmp_path)


def test_loss_that_is_no_number_ends_the_run_and_keeps_the_weights(run_file, tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        train_graph(read_graph_config(run_file()), tmp_path, stop_in_epoch(2))
    before = (tmp_path / "run" / "best.safetensors").read_bytes()
    lost = {"loss": torch.tensor(torch.nan, requires_grad=True)}
    monkeypatch.setattr(StationGraphObjective, "loss", lambda self, batch: lost)
    with pytest.raises(JobError, match="lower learning rate"):
        train_graph(read_graph_config(run_file()), tmp_path)
    assert (tmp_path / "run" / "best.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "gnn"}, "network is one of"),
        ({"edges": "some"}, "edges is one of"),
        ({"lessons.real": 0.1}, "lessons.split, which is empty"),
        ({"lessons.made.colour": 1}, "Unknown key lessons.made.'colour'"),
        ({"channels": 0}, "channels is above 0"),
        ({"trains": "some"}, "trains is one of"),
        ({"trains": "event"}, "name its file as weights"),
    ],
)
def test_mistake_in_the_file_is_named(run_file, changes, words):
    with pytest.raises(SchemaError, match=words):
        read_graph_config(run_file(), changes)


def test_weights_that_are_not_there_are_named(run_file):
    with pytest.raises(SourceError, match=r"elsewhere\.safetensors"):
        read_graph_config(run_file(), {"weights": "elsewhere.safetensors"})


def test_split_that_is_not_there_is_named(run_file):
    with pytest.raises(SourceError, match=r"elsewhere\.json"):
        read_graph_config(run_file(), {"lessons.split": "elsewhere.json"})


@pytest.mark.parametrize("name", ["station_graph", "epgnn"])
def test_files_of_the_bundled_runs_are_read(name):
    config = read_graph_config(BUNDLED / f"{name}.toml")
    assert config.network == name
    assert Path(config.lessons.split).is_file() or not config.lessons.split


def test_command_trains_it(run_file, tmp_path):
    path = run_file(epochs=1)
    ran = CliRunner().invoke(cli, ["train", str(path), "--data", str(tmp_path), "--set", "edges=none"])
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.strip().endswith("best.safetensors")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["edges"] == "none"
