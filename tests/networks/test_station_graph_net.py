"""The network of all stations: what it is without edges, what an edge changes, what lies out of reach, and EPGNN."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_geometric.explain import AttentionExplainer, CaptumExplainer, Explainer

from workbench.errors import PickerError, RequirementError
from workbench.networks.bundled import BUNDLED, bundled_weights, thresholds_of
from workbench.networks.epgnn import Epgnn
from workbench.networks.station_attention import StationAttention, scaled_edges
from workbench.networks.station_graph import station_graph
from workbench.networks.station_graph_net import StationGraphNet, log_amplitude
from workbench.networks.station_in_network import StationInNetwork
from workbench.networks.weights_file import load_station_graph_net, load_xiaonet
from workbench.networks.xiaonet import standardise


def graph_of(count: int, spread_deg: float = 0.3, **settings) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(count)
    places = 46 + spread_deg * rng.uniform(-1, 1, count), 13 + spread_deg * rng.uniform(-1, 1, count)
    graph = station_graph([f"S{number}" for number in range(count)], *places, **settings)
    return torch.from_numpy(graph.edge_index), torch.from_numpy(graph.edge_attr)


def windows_of(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 3, 3000, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def network() -> StationGraphNet:
    """With weights that make much of what neighbours say."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = StationGraphNet("5k", channels=16).start_from(load_xiaonet("5k")[0])
        torch.nn.init.normal_(made.leave.weight, 0, 0.5)
    return made.eval()


@torch.inference_mode()
def test_untrained_it_says_what_its_xiaonet_says():
    alone, _ = load_xiaonet("100k")
    network = StationGraphNet("100k").start_from(alone).eval()
    windows = windows_of(4)
    torch.testing.assert_close(network(windows, *graph_of(4)), alone(windows), atol=1e-6, rtol=0)


@torch.inference_mode()
def test_station_alone_is_read_the_same_whoever_else_is_there(network):
    windows = windows_of(5)
    edge_index, edge_attr = graph_of(5)
    away = (edge_index != 2).all(dim=0)
    among = network(windows, edge_index[:, away], edge_attr[away])[2]
    alone = network(windows[2:3], edge_index[:, :0], edge_attr[:0])[0]
    torch.testing.assert_close(among, alone, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_neighbour_changes_the_curves_and_a_silent_or_missing_one_does_not(network):
    windows = windows_of(3)
    edge_index, edge_attr = graph_of(3)
    before = network(windows, edge_index, edge_attr)
    louder = windows.clone()
    louder[1, :, 1500:1700] *= 30
    assert (network(louder, edge_index, edge_attr)[0] - before[0]).abs().max() > 1e-4
    without = (edge_index != 1).all(dim=0)
    alone = network(windows, edge_index[:, without], edge_attr[without])
    for silence in (torch.nan, 7.0):
        silent = windows.clone()
        silent[1] = silence
        found = network(silent, edge_index, edge_attr)
        torch.testing.assert_close(found[[0, 2]], alone[[0, 2]], atol=1e-6, rtol=0)


@torch.inference_mode()
def test_order_of_stations_and_of_edges_changes_nothing(network):
    windows = windows_of(6)
    edge_index, edge_attr = graph_of(6)
    before = network(windows, edge_index, edge_attr)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    place = torch.argsort(order)
    mixed = torch.randperm(edge_index.shape[1], generator=torch.Generator().manual_seed(1))
    after = network(windows[order], place[edge_index][:, mixed], edge_attr[mixed])
    torch.testing.assert_close(after, before[order], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_graphs_of_one_batch_do_not_hear_of_each_other(network):
    edge_index, edge_attr = graph_of(4)
    one, other = windows_of(4), windows_of(4, seed=9)
    amplitude = log_amplitude(torch.cat([one, other]))
    both = network.says(
        torch.cat([one, other]),
        torch.cat([edge_index, edge_index + 4], dim=1),
        torch.cat([edge_attr, edge_attr]),
        torch.tensor([0] * 4 + [1] * 4),
        amplitude,
    )
    single = network.says(other, edge_index, edge_attr, None, amplitude[4:])
    torch.testing.assert_close(both.logits[4:], single.logits, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(both.detection[1:], single.detection, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(both.magnitude[1:], single.magnitude, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_chunks_of_edges_change_nothing():
    network = StationGraphNet("5k", channels=16).eval()
    torch.nn.init.normal_(network.leave.weight, 0, 0.5)
    windows, graph = windows_of(30), graph_of(30)
    network.chunk_edges = 0
    whole = network(windows, *graph)
    network.chunk_edges = 25
    torch.testing.assert_close(network(windows, *graph), whole, atol=1e-6, rtol=0)


@torch.inference_mode()
def test_magnitude_needs_an_amplitude_and_grows_with_it(network):
    windows, graph = windows_of(3), graph_of(3)
    assert torch.isnan(network.says(windows, *graph).magnitude).all()
    amplitude = torch.tensor([-6.0, torch.nan, -6.0])
    says = network.says(windows, *graph, None, amplitude)
    assert torch.isfinite(says.magnitude).all()
    assert says.station_weight[1] == 0
    assert says.station_weight.sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_log_amplitude_is_that_of_the_scale_that_is_taken_away(factor):
    windows = windows_of(2) * factor
    windows[1] = torch.nan
    found = log_amplitude(windows + 3 * factor)
    assert found[0].item() == pytest.approx(np.log10(factor), abs=0.02)
    assert torch.isnan(found[1])


class TestStationAttention:
    def weights(self, edge_attr: torch.Tensor, there: torch.Tensor | None = None) -> torch.Tensor:
        attention = StationAttention(8, heads=2).eval()
        seen = []
        attention.register_edge_update_forward_hook(lambda module, inputs, output: seen.append(output))
        there = torch.ones(2, 24, dtype=torch.bool) if there is None else there
        edge_index = torch.tensor([[1, 0], [0, 1]])
        with torch.inference_mode():
            attention(torch.randn(2, 8, 24), edge_index, scaled_edges(edge_attr), there)
        return seen[0]

    def test_weights_that_reach_a_step_add_up_to_one_at_most(self):
        _, edge_attr = graph_of(2)
        weights = self.weights(edge_attr)
        assert weights.shape == (2, 2, 24, 24)
        assert (weights >= 0).all()
        assert (weights.sum(dim=-1) < 1).all()

    def test_steps_beyond_the_moveout_are_out_of_reach(self):
        _, edge_attr = graph_of(2)
        edge_attr[:, 5] = 3.2
        lags = (torch.arange(24)[:, None] - torch.arange(24)[None]).abs()
        weights = self.weights(edge_attr)
        assert (weights[..., lags > 7] == 0).all()
        assert (weights[..., lags <= 7] > 0).all()

    def test_steps_without_samples_are_not_looked_at(self):
        _, edge_attr = graph_of(2)
        there = torch.ones(2, 24, dtype=torch.bool)
        there[1, 5:12] = False
        weights = self.weights(edge_attr, there)
        assert (weights[0, :, :, 5:12] == 0).all()
        assert (weights[0, :, 8, 0] > 0).all()


def test_explainers_of_pyg_work_on_it(network):
    windows = windows_of(4)
    edge_index, edge_attr = graph_of(4)

    class OneNumber(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: torch.Tensor, edge_index: torch.Tensor, edge_attr: torch.Tensor) -> torch.Tensor:
            return self.network(x, edge_index, edge_attr)[0, 0, 1400:1600].mean()[None, None]

    config = {"mode": "regression", "task_level": "graph", "return_type": "raw"}
    by_attention = Explainer(
        OneNumber(), AttentionExplainer(), explanation_type="model", edge_mask_type="object", model_config=config
    )
    found = by_attention(windows, edge_index, edge_attr=edge_attr)
    assert found.edge_mask.shape == (edge_index.shape[1],)
    assert (found.edge_mask > 0).all()
    by_gradient = Explainer(
        OneNumber(),
        CaptumExplainer("IntegratedGradients", n_steps=4),
        explanation_type="model",
        edge_mask_type="object",
        node_mask_type=None,
        model_config=config,
    )
    found = by_gradient(windows, edge_index, edge_attr=edge_attr)
    assert found.edge_mask.shape == (edge_index.shape[1],)
    assert found.edge_mask.abs().max() > 0


@torch.inference_mode()
def test_one_station_among_the_others_says_the_same(network):
    windows, graph = windows_of(5), graph_of(5)
    windows[1, 2] = torch.nan
    windows[4] = torch.nan
    expected = network(windows, *graph)
    for station in range(4):
        asked = StationInNetwork(network, windows, *graph, station)
        mine = standardise(windows[station : station + 1])
        torch.testing.assert_close(asked(mine)[0], expected[station], atol=1e-5, rtol=0)
        torch.testing.assert_close(asked(torch.cat([0 * mine, mine]))[1], expected[station], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_bundled_network_reads_a_lonely_station_as_a_xiaonet_does():
    network, path = load_station_graph_net()
    alone, alone_path = load_xiaonet("100k")
    own, its = thresholds_of(path), thresholds_of(alone_path)
    windows, (edge_index, edge_attr) = windows_of(3), graph_of(3)
    windows[1:] = torch.nan
    logits = network.says(windows, edge_index, edge_attr).logits[:1]
    expected = alone.logits(windows[:1])[0]
    for column, phase in enumerate("PS"):
        lift = np.log(own[phase] / (1 - own[phase])) - np.log(its[phase] / (1 - its[phase]))
        torch.testing.assert_close(logits[:, column], expected[:, column] + lift, atol=1e-2, rtol=1e-3)
    torch.testing.assert_close(logits[:, 2], expected[:, 2], atol=1e-2, rtol=1e-3)
    asked = StationInNetwork(network, windows, edge_index, edge_attr, 0)
    torch.testing.assert_close(asked(standardise(windows[:1])), logits.softmax(dim=1), atol=1e-5, rtol=0)


def test_bundled_weights_open_and_are_small():
    assert bundled_weights("station_graph") == ("240k",)
    network, path = load_station_graph_net()
    assert not network.training
    assert path.parent == BUNDLED
    assert sum(file.stat().st_size for file in BUNDLED.glob("*.safetensors")) < 5e6


def test_other_weights_are_refused_by_name():
    with pytest.raises(RequirementError, match="240k"):
        load_station_graph_net("none of these")
    with pytest.raises(PickerError, match="network=xiaonet"):
        load_station_graph_net(str(BUNDLED / "xiaonet_5k.safetensors"))


class TestEpgnn:
    @pytest.fixture
    def epgnn(self) -> Epgnn:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return Epgnn(16).eval()

    @torch.inference_mode()
    def test_one_detection_and_one_magnitude_for_each_graph(self, epgnn):
        edge_index, edge_attr = graph_of(3)
        windows = windows_of(6)
        batch = torch.tensor([0, 0, 0, 1, 1, 1])
        both = torch.cat([edge_index, edge_index + 3], dim=1), torch.cat([edge_attr, edge_attr])
        detection, magnitude = epgnn(windows, *both, batch, torch.full((6,), -6.0))
        assert detection.shape == magnitude.shape == (2,)
        alone = epgnn(windows[3:], edge_index, edge_attr, None, torch.full((3,), -6.0))
        torch.testing.assert_close(torch.stack(alone)[:, 0], torch.stack([detection[1], magnitude[1]]))

    @torch.inference_mode()
    def test_amplitude_comes_in_apart(self, epgnn):
        windows, graph = windows_of(3), graph_of(3)
        quiet = epgnn(windows, *graph, None, torch.full((3,), -8.0))
        same = epgnn(windows * 100, *graph, None, torch.full((3,), -8.0))
        loud = epgnn(windows, *graph, None, torch.full((3,), -4.0))
        torch.testing.assert_close(same, quiet, atol=1e-4, rtol=1e-4)
        assert loud[1] > quiet[1] + 2
        assert torch.isnan(epgnn(windows, *graph)[1])

    @torch.inference_mode()
    def test_silent_station_changes_nothing_for_the_others(self, epgnn):
        windows, (edge_index, edge_attr) = windows_of(4), graph_of(4)
        amplitude = torch.full((4,), -6.0)
        windows[3] = torch.nan
        kept = (edge_index != 3).all(dim=0)
        among = epgnn(windows, edge_index, edge_attr, None, amplitude)
        without = epgnn(windows[:3], edge_index[:, kept], edge_attr[kept], None, amplitude[:3])
        torch.testing.assert_close(among, without, atol=1e-5, rtol=1e-5)
