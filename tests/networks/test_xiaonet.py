"""The network: its sizes, its output, and a normalisation that hangs on nothing but the window."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import PickerError, RequirementError
from workbench.networks.bundled import BUNDLED, DEFAULT_THRESHOLDS, DEFAULT_WEIGHTS, bundled_weights, thresholds_of
from workbench.networks.weights_file import load_xiaonet
from workbench.networks.xiaonet import SIZES, XiaoNet, standardise
from workbench.pickers import open_picker
from workbench.training.checkpoints import save_weights


@pytest.mark.parametrize(("size", "about"), [("5k", 5_000), ("25k", 25_000), ("100k", 100_000)])
def test_sizes_have_about_the_parameters_that_they_are_named_after(size, about):
    assert sum(parameter.numel() for parameter in XiaoNet(size).parameters()) == pytest.approx(about, rel=0.12)


@settings(max_examples=10, deadline=None)
@given(n_samples=st.integers(200, 4001), size=st.sampled_from(sorted(SIZES)))
def test_probabilities_add_up_to_one_at_any_length(n_samples, size):
    with torch.inference_mode():
        probability = XiaoNet(size).eval()(torch.randn(2, 3, n_samples))
    assert probability.shape == (2, 3, n_samples)
    torch.testing.assert_close(probability.sum(dim=1), torch.ones(2, n_samples))


@pytest.mark.parametrize("factor", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_gain_and_offset_change_nothing(factor, offset):
    network = XiaoNet("5k").eval()
    windows = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 3, 3000)).astype(np.float32))
    with torch.inference_mode():
        torch.testing.assert_close(network((windows + offset) * factor), network(windows), atol=2e-3, rtol=0)


def test_what_the_other_windows_of_a_batch_hold_changes_nothing():
    network = XiaoNet("25k").eval()
    windows = torch.randn(4, 3, 3000)
    with torch.inference_mode():
        torch.testing.assert_close(network(windows)[2:3], network(windows[2:3]), atol=1e-6, rtol=0)


def test_missing_samples_do_not_count_and_become_zero():
    windows = torch.randn(1, 3, 600) * 5 + 100
    holed = windows.clone()
    holed[0, 1, 100:400] = torch.nan
    holed[0, 2] = torch.nan
    standard = standardise(holed)
    assert torch.isfinite(standard).all()
    assert (standard[0, 1, 100:400] == 0).all()
    assert (standard[0, 2] == 0).all()
    there = torch.isfinite(holed)
    assert standard[there].square().mean().item() == pytest.approx(1.0, rel=1e-4)


def test_a_window_without_any_sample_gives_numbers_all_the_same():
    with torch.inference_mode():
        assert torch.isfinite(XiaoNet("5k").eval()(torch.full((1, 3, 3000), torch.nan))).all()


def test_bundled_weights_are_small_and_come_with_card_configuration_and_split():
    assert bundled_weights()[0] == DEFAULT_WEIGHTS
    assert set(bundled_weights()) == set(SIZES)
    for name in bundled_weights():
        assert (BUNDLED / f"xiaonet_{name}.safetensors").stat().st_size < 200_000
        assert load_xiaonet(name)[0].size == name
    for name in ("MODEL_CARD.md", "xiaonet.toml", "split.json"):
        assert (BUNDLED / name).is_file()


def test_bundled_weights_run_in_single_precision():
    network, _ = load_xiaonet("25k")
    assert {tensor.dtype for tensor in network.parameters()} == {torch.float32}


def test_thresholds_come_from_the_weights(tmp_path):
    header = {"network": "xiaonet", "size": "5k"}
    state = XiaoNet("5k").state_dict()
    bare = save_weights(tmp_path / "bare.safetensors", state, architecture=header)
    assert thresholds_of(bare) == DEFAULT_THRESHOLDS
    chosen = save_weights(
        tmp_path / "chosen.safetensors", state, architecture=header | {"thresholds": '{"P": 0.1, "S": 0.4}'}
    )
    assert open_picker("xiaonet", str(chosen)).card.thresholds == {"P": 0.1, "S": 0.4}
    wrong = save_weights(tmp_path / "wrong.safetensors", state, architecture=header | {"thresholds": '{"P": "low"}'})
    with pytest.raises(PickerError, match="no thresholds for P and S"):
        open_picker("xiaonet", str(wrong))


def test_an_onset_is_seen_together_with_one_fifteen_seconds_before():
    network = XiaoNet("25k").eval()
    with torch.no_grad():  # random weights of one sign, so that nothing cancels on the way
        for parameter in network.parameters():
            parameter.abs_()
    windows = torch.randn(1, 3, 3000, requires_grad=True)
    network.logits(windows)[0][0, :, 2600].sum().backward()
    assert windows.grad[0, :, 1100].abs().max() > 0


def test_weights_of_another_architecture_are_refused_by_name(tmp_path):
    other = save_weights(tmp_path / "other.safetensors", XiaoNet("5k").state_dict(), architecture={"network": "epgnn"})
    with pytest.raises(PickerError, match="weights of network=epgnn, not of a XiaoNet"):
        load_xiaonet(str(other))


def test_weights_that_do_not_fit_their_own_size_are_refused(tmp_path):
    header = {"network": "xiaonet", "size": "25k"}
    wrong = save_weights(tmp_path / "wrong.safetensors", XiaoNet("5k").state_dict(), architecture=header)
    with pytest.raises(PickerError, match="does not fit"):
        load_xiaonet(str(wrong))


def test_damaged_and_missing_weights_are_said(tmp_path):
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"not a tensor in sight")
    with pytest.raises(PickerError, match="no readable safetensors file"):
        load_xiaonet(str(damaged))
    with pytest.raises(RequirementError, match="XiaoNet has no weights 'enormous'; it comes with 100k"):
        load_xiaonet("enormous")
