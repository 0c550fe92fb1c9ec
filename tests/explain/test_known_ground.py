"""Networks whose right answer is known: linear ones, one that reads only Z, one that looks two seconds back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from captum.attr import IntegratedGradients, LayerGradCam, NoiseTunnel, Saliency

from workbench.errors import PickerError
from workbench.explain import EXPLAINERS
from workbench.explain.baselines import Baseline
from workbench.explain.run import explain, open_question
from workbench.pickers.windows import Piece, Plan, Reading
from workbench.schema import PickerCard, make_recording

START = pd.Timestamp("2024-01-01")
N_SAMPLES = 1000
AT = 600
"""Sample that is explained."""


class KnownPicker:
    """A picker around a network of known answer; its windows are the whole recording, taken as it is."""

    batch_size = 8

    def __init__(self, network: torch.nn.Module, components: str = "ZNE") -> None:
        self.module = network.eval()
        self.window_shape = (len(components), N_SAMPLES)
        self.card = PickerCard("known", "Known", phases=("P", "S"), component_order=components, sampling_rate_hz=100.0)

    def annotate(self, recording: xr.Dataset, report=None, execution=None, where=None) -> xr.Dataset:
        raise NotImplementedError

    def step(self, windows, forward):
        return forward(windows).transpose(1, 2)

    def window_tensor(self, recording: xr.Dataset, station: str, start: pd.Timestamp) -> torch.Tensor:
        raise NotImplementedError

    def reading(self, recording: xr.Dataset, station: str) -> Reading:
        samples = recording["waveform"].sel(station=station).values
        return Reading(
            plan=Plan(N_SAMPLES, N_SAMPLES, 1.0, "avg", (0, 1)),
            pieces=[Piece(0, samples, 0)],
            rate_hz=100.0,
            prepare=lambda windows: windows.clone(),
            network=self.module,
            read=lambda outputs: outputs.transpose(1, 2),
            labels=("P", "S"),
        )


class Linear(torch.nn.Module):
    """P and S are a weighted sum of the samples around, and of those some way back."""

    def __init__(self, taps: torch.Tensor, back: int = 0) -> None:
        super().__init__()
        self.taps, self.back = torch.nn.Parameter(taps), back

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        reach = self.taps.shape[-1] // 2
        padded = torch.nn.functional.pad(windows, (reach + self.back, reach))[..., : windows.shape[-1] + 2 * reach]
        return torch.nn.functional.conv1d(padded, self.taps)


class Bent(torch.nn.Module):
    """Two layers with a rectifier and a softmax, of random weights."""

    def __init__(self, channels: tuple[int, ...] = (0, 1, 2), back: int = 0) -> None:
        super().__init__()
        self.channels, self.back = list(channels), back
        self.first = torch.nn.Conv1d(len(channels), 6, 9, padding=4)
        self.last = torch.nn.Conv1d(6, 2, 9, padding=4)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        read = torch.nn.functional.pad(windows[:, self.channels], (self.back, 0))[..., : windows.shape[-1]]
        return torch.sigmoid(self.last(torch.relu(self.first(read))))


def made(network: Callable[[], torch.nn.Module]) -> KnownPicker:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return KnownPicker(network())


def recording(components: str = "ZNE") -> xr.Dataset:
    waveform = np.random.default_rng(1).normal(0, 1, (1, len(components), N_SAMPLES))
    return make_recording(
        waveform.astype(np.float32),
        stations=["XX.A."],
        components=list(components),
        start=START,
        sampling_rate_hz=100.0,
        recording_id="r",
        source="test",
    )


def time_of(sample: int) -> pd.Timestamp:
    return START + pd.Timedelta(sample * 10, "ms")


def found(picker: KnownPicker, method: str, **settings) -> np.ndarray:
    given = {"phase": "P", "time": time_of(AT)} | settings
    values = explain(recording(), picker, station="XX.A.", method=method, **given)["attribution"].values[0]
    return np.asarray(values)


def weights_of(picker: KnownPicker) -> np.ndarray:
    """What each sample is multiplied by in the mean over the target, from the taps alone."""
    taps, back = picker.module.taps.detach().numpy()[0], picker.module.back
    weight = np.zeros((3, N_SAMPLES))
    reach = taps.shape[-1] // 2
    for sample in range(AT - 10, AT + 11):
        weight[:, sample - back - reach : sample - back + reach + 1] += taps / 21
    return weight


@pytest.fixture
def linear() -> KnownPicker:
    return made(lambda: Linear(torch.randn(2, 3, 7)))


EXACT = ["input_x_gradient", "integrated_gradients", "gradient_shap"]


@pytest.mark.parametrize("method", EXACT)
def test_linear_network_gives_weight_times_input(linear: KnownPicker, method: str) -> None:
    expected = weights_of(linear) * recording()["waveform"].values[0]
    np.testing.assert_allclose(found(linear, method), expected, atol=1e-5)


def test_linear_network_gives_its_weights_as_saliency(linear: KnownPicker) -> None:
    weight = weights_of(linear)
    np.testing.assert_allclose(found(linear, "saliency", absolute=False), weight, atol=1e-6)
    np.testing.assert_allclose(found(linear, "saliency"), np.abs(weight), atol=1e-6)
    np.testing.assert_allclose(found(linear, "smooth_grad"), np.abs(weight), atol=1e-6)


@pytest.mark.parametrize("method", ["feature_ablation", "occlusion", "shapley"])
def test_linear_network_gives_what_each_part_holds(linear: KnownPicker, method: str) -> None:
    expected = weights_of(linear) * recording()["waveform"].values[0]
    values = found(linear, method)
    np.testing.assert_allclose(values.sum(axis=-1), expected.sum(axis=-1), atol=1e-5)
    if method == "feature_ablation":
        seconds = (3, N_SAMPLES // 100, 100)
        np.testing.assert_allclose(values.reshape(seconds).sum(-1), expected.reshape(seconds).sum(-1), atol=1e-5)
        assert np.ptp(values.reshape(seconds), axis=-1).max() < 1e-7


@pytest.mark.parametrize(
    ("method", "baseline"),
    [("integrated_gradients", "noise"), ("integrated_gradients", "blurred"), ("gradient_shap", "blurred")],
)
def test_linear_network_against_another_baseline(linear: KnownPicker, method: str, baseline: str) -> None:
    question = open_question(recording(), linear, [("XX.A.", "P", time_of(AT))])
    start = Baseline(baseline).draw(question)[0].numpy()
    expected = weights_of(linear) * (recording()["waveform"].values[0] - start)
    np.testing.assert_allclose(found(linear, method, baseline=baseline), expected, atol=1e-5)


@pytest.mark.parametrize("method", sorted(set(EXPLAINERS) - {"grad_cam"}))
def test_network_that_reads_only_z(method: str) -> None:
    values = found(made(lambda: Bent(channels=(0,))), method)
    assert np.abs(values[0]).max() > 0
    assert not values[1:].any()


@pytest.mark.parametrize("method", sorted(set(EXPLAINERS) - {"grad_cam", "shapley"}))
def test_network_that_looks_two_seconds_back(method: str) -> None:
    weight = np.abs(found(made(lambda: Bent(back=200)), method)).sum(axis=0)
    # Ten samples of the target, and eight of the two layers, to both sides; parts of a second spread further.
    spread = {"feature_ablation": 100, "occlusion": 100}.get(method, 0)
    near = weight[AT - 200 - 18 - spread : AT - 200 + 19 + spread].sum()
    assert near == pytest.approx(weight.sum(), rel=1e-5)
    assert weight.sum() > 0


def test_the_other_phase_is_another_answer(linear: KnownPicker) -> None:
    assert not np.allclose(found(linear, "input_x_gradient"), found(linear, "input_x_gradient", phase="S"))


def test_shapley_values_of_a_product() -> None:
    class Product(torch.nn.Module):
        def forward(self, windows: torch.Tensor) -> torch.Tensor:
            worth = windows[:, :1] * windows[:, 1:2] + 2 * windows[:, 2:3]
            return worth.expand(-1, 2, -1)

    picker = KnownPicker(Product())
    given = recording()["waveform"].values[0][:, AT - 10 : AT + 11]
    together, alone = (given[0] * given[1]).mean(), 2 * given[2].mean()
    values = found(picker, "shapley").sum(axis=-1)
    np.testing.assert_allclose(values, [together / 2, together / 2, alone], atol=1e-6)


def test_steps_of_equal_length_are_captums() -> None:
    picker = made(Bent)
    question = open_question(recording(), picker, [("XX.A.", "P", time_of(AT))])
    ours = found(picker, "integrated_gradients", steps=50)
    inputs = question.inputs.clone().requires_grad_(True)
    theirs = IntegratedGradients(lambda windows: question.ask(windows, torch.zeros(len(windows), dtype=torch.long)))
    expected = theirs.attribute(inputs, n_steps=50, method="riemann_middle").detach().numpy()[0]
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_steps_where_they_matter_are_as_good_as_many_everywhere() -> None:
    picker = made(Bent)
    truth = found(picker, "integrated_gradients", steps=2000)
    attribution = explain(
        recording(), picker, station="XX.A.", phase="P", time=time_of(AT), method="integrated_gradients", settled=0.01
    )
    apart = np.abs(attribution["attribution"].values[0] - truth).sum() / np.abs(truth).sum()
    assert apart < 0.01
    change = attribution.attrs["value"] - attribution.attrs["baseline_value"]
    assert abs(attribution.attrs["convergence_delta"]) < 0.02 * abs(change)


def test_smooth_grad_is_captums_in_the_mean() -> None:
    picker = made(Bent)
    question = open_question(recording(), picker, [("XX.A.", "P", time_of(AT))])
    ours = found(picker, "smooth_grad", samples=3000, noise=0.5, absolute=False)

    def ask(windows: torch.Tensor) -> torch.Tensor:
        return question.ask(windows, torch.zeros(len(windows), dtype=torch.long))

    inputs = question.inputs.clone().requires_grad_(True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = NoiseTunnel(Saliency(ask)).attribute(
            inputs, nt_samples=3000, nt_samples_batch_size=100, stdevs=0.5 * float(question.inputs.std()), abs=False
        )
    expected = theirs.detach().numpy()[0]
    assert np.abs(ours - expected).sum() / np.abs(expected).sum() < 0.05


def test_grad_cam_is_captums_on_the_layer_named() -> None:
    picker = made(Bent)
    question = open_question(recording(), picker, [("XX.A.", "P", time_of(AT))])
    inputs = question.inputs.clone().requires_grad_(True)

    def ask(windows: torch.Tensor) -> torch.Tensor:
        return question.ask(windows, torch.zeros(len(windows), dtype=torch.long), picker.module)

    theirs = LayerGradCam(ask, picker.module.first).attribute(inputs)
    ours = found(picker, "grad_cam", layer="first")
    np.testing.assert_allclose(ours, np.repeat(theirs.detach().numpy()[0] / 3, 3, axis=0), atol=1e-7)
    np.testing.assert_allclose(found(picker, "grad_cam"), ours)
    with pytest.raises(KeyError, match="There is no layer 'nope'"):
        found(picker, "grad_cam", layer="nope")


def test_logit_of_a_sigmoid_is_what_stands_before_it() -> None:
    class Sigmoid(Linear):
        def forward(self, windows: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(super().forward(windows))

    picker = made(lambda: Sigmoid(0.1 * torch.randn(2, 3, 7)))
    expected = weights_of(picker) * recording()["waveform"].values[0]
    np.testing.assert_allclose(found(picker, "input_x_gradient", target="logit"), expected, atol=1e-5)


def test_logit_of_a_softmax_keeps_its_digits_where_probability_has_none_left() -> None:
    class Sure(torch.nn.Module):
        def forward(self, windows: torch.Tensor) -> torch.Tensor:
            answer = 18.0 + windows[:, :1]
            return torch.cat([answer, torch.zeros_like(answer)], dim=1).softmax(dim=1)

    values = found(KnownPicker(Sure()), "saliency", target="logit")
    np.testing.assert_allclose(values[0, AT - 10 : AT + 11], 1 / 21, rtol=1e-3)


def test_unknown_phase_target_and_setting_are_told(linear: KnownPicker) -> None:
    with pytest.raises(PickerError, match="no curve 'Pn' to explain; it has P, S"):
        found(linear, "saliency", phase="Pn")
    with pytest.raises(PickerError, match="no target 'odds'"):
        found(linear, "saliency", target="odds")
    with pytest.raises(KeyError, match=r"no explainer 'salience'\. Did you mean 'saliency'"):
        found(linear, "salience")
    with pytest.raises(PickerError, match="saliency has no setting 'step'; it has"):
        found(linear, "saliency", step=3)
    with pytest.raises(KeyError, match="no baseline 'nothing'"):
        found(linear, "integrated_gradients", baseline="nothing")


@pytest.mark.parametrize(
    ("method", "settings", "words"),
    [
        ("integrated_gradients", {"steps": "many"}, "steps of integrated_gradients is a whole number from 0 on"),
        ("integrated_gradients", {"steps": -1}, "it got -1"),
        (
            "integrated_gradients",
            {"most": 0},
            "most of integrated_gradients is a whole number from 1 on",
        ),
        ("integrated_gradients", {"gap": float("nan")}, "gap of integrated_gradients is a number from 0 on"),
        ("smooth_grad", {"samples": 0}, "samples of smooth_grad is a whole number from 1 on, by default 20; it got 0"),
        ("gradient_shap", {"samples": 2.5}, "it got 2.5"),
        ("gradient_shap", {"samples": True}, "it got True"),
        ("saliency", {"absolute": 1}, "absolute of saliency is true or false"),
        ("occlusion", {"length_s": "1 s"}, "length_s of occlusion is a number"),
        ("grad_cam", {"layer": 3}, "layer of grad_cam is a name"),
    ],
)
def test_settings_that_make_no_sense_are_told(
    linear: KnownPicker, method: str, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(PickerError, match=words):
        found(linear, method, **settings)
