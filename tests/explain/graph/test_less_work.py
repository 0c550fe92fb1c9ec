"""What is left undone for speed changes no number: against the whole network, and against PyG's own explainer."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch_geometric.explain import CaptumExplainer, Explainer, ModelConfig

from workbench.explain.graph.attribution import attribution_of_case
from workbench.explain.graph.case import open_graph_case
from workbench.explain.graph.left_out import left_out_of_case
from workbench.networks.station_graph_net import log_amplitude
from workbench.pickers import open_picker

from .made import hearing_picker, made_recording, surest_p


@pytest.fixture(scope="module", params=["hears its neighbours", "as bundled"])
def case(request):
    """Of more stations than one has neighbours, so that some are two edges away."""
    picker = hearing_picker() if request.param.startswith("hears") else copy.deepcopy(open_picker("station_graph"))
    picker.neighbours = 2
    recording = made_recording(n_stations=9)
    return open_graph_case(recording, picker, **surest_p(picker, recording))


def test_the_pick_of_one_station_is_that_of_the_whole_network(case):
    whole = case.curve_of(case.says(case.samples[None]))
    np.testing.assert_allclose(case.curve_over(case.edge_index, case.edge_attr), whole, atol=1e-5)
    assert len(case.focused(case.edge_index, case.edge_attr).rounds()[-1]) < case.edge_index.shape[1]


def test_a_station_left_out_is_one_without_samples(case):
    table = left_out_of_case(case).set_index("station")
    for name in table.index[:-1]:
        samples = torch.from_numpy(case.window.samples)
        row = case.graph.stations.index(name)
        parts = torch.from_numpy(case.graph.edge_index), torch.from_numpy(case.graph.edge_attr)
        without = samples.clone()
        without[row] = torch.nan
        said = [
            case.network.says(copy, *parts, None, log_amplitude(copy) - np.log10(case.per_m_s))
            for copy in (samples, without)
        ]
        focus = int(case.nodes[case.focus])
        at, probability = case.pick_in(
            np.stack([np.asarray(each.logits[focus].softmax(dim=0)[case.channel].detach()) for each in said])
        )
        expected = {
            "probability_change": probability[1] - probability[0],
            "shift_s": (at[1] - at[0]) / 100,
            "magnitude_change": float(said[1].magnitude) - float(said[0].magnitude),
            "detection_change": float(said[1].detection.sigmoid()) - float(said[0].detection.sigmoid()),
        }
        for column, value in expected.items():
            assert table.loc[name, column] == pytest.approx(value, abs=2e-4), (name, column)
    assert table["magnitude_change"].abs().max() > 1e-3


class _Scored(nn.Module):
    """The whole network, as PyG's explainers want it."""

    def __init__(self, case):
        super().__init__()
        self.case, self.network = case, case.network

    def forward(self, x, edge_index, edge_attr):
        there = self.network.steps_there(self.case.samples)
        says = self.network.says_standardised(x, there, edge_index, edge_attr)
        return self.case.odds(says.logits[self.case.focus][None])[:, None]


def test_edges_weigh_what_pyg_says(case):
    found = attribution_of_case(case, most=12).edges
    explainer = Explainer(
        _Scored(case).eval(), CaptumExplainer("IntegratedGradients", n_steps=10, internal_batch_size=1),
        explanation_type="model", node_mask_type=None, edge_mask_type="object",
        model_config=ModelConfig(mode="regression", task_level="graph", return_type="raw"),
    )  # fmt: skip
    x = case.standardised[0].clone()
    with torch.enable_grad():
        masks = explainer(x, case.edge_index.clone(), edge_attr=case.edge_attr.clone()).edge_mask.detach()
    size = float(masks.abs().max())
    assert size > 0
    np.testing.assert_allclose(found["weight"].to_numpy()[case.edges], masks.numpy(), atol=2e-3 * size + 1e-6)
