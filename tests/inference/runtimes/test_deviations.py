"""Quick standard deviations are torch's, where they are taken, and everything else is torch's own."""

from __future__ import annotations

import pytest
import torch

from workbench.inference.runtimes.deviations import QuickDeviations
from workbench.pickers import open_picker


@pytest.fixture
def samples() -> torch.Tensor:
    # Counts of a station with an offset a thousand times as large as its noise.
    return torch.randn((4, 3, 3001), generator=torch.Generator().manual_seed(1)) * 20 + 20_000


@pytest.mark.parametrize(
    "along", [{"axis": -1, "keepdims": True}, {"dim": (-2, -1), "keepdim": True}, {"dim": 2}, {"axis": (0, 2)}]
)
def test_deviations_are_those_of_torch(along: dict, samples: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    norm, taken = torch.linalg.vector_norm, []
    monkeypatch.setattr(torch.linalg, "vector_norm", lambda *given, **how: (taken.append(1), norm(*given, **how))[1])
    with QuickDeviations():
        quick = samples.std(**along)
    assert taken, "the quick way"
    assert quick.shape == samples.std(**along).shape
    torch.testing.assert_close(quick, samples.double().std(**along).float(), rtol=1e-6, atol=0)


def test_samples_about_zero_are_not_centred_once_more(samples: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    norm, taken = torch.linalg.vector_norm, []
    monkeypatch.setattr(torch.linalg, "vector_norm", lambda *given, **how: (taken.append(1), norm(*given, **how))[1])
    centred = samples - samples.mean(dim=-1, keepdim=True)
    with QuickDeviations():
        quick = centred.std(dim=-1)
    assert taken == [1]
    torch.testing.assert_close(quick, centred.double().std(dim=-1).float(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("along", [{}, {"dim": -1, "correction": 0}, {"dim": -1, "unbiased": False}])
def test_other_deviations_are_left_to_torch(along: dict, samples: torch.Tensor) -> None:
    with QuickDeviations():
        found = samples.std(**along)
    assert torch.equal(found, samples.std(**along))


def test_that_of_a_single_sample_is_not_a_number_as_in_torch() -> None:
    with QuickDeviations(), pytest.warns(UserWarning, match="degrees of freedom"):
        assert torch.isnan(torch.ones(2, 1).std(dim=-1)).all()


def test_gaps_and_dead_channels_come_out_as_in_torch(samples: torch.Tensor) -> None:
    samples[0, 0, 5], samples[1, 1] = float("nan"), 7.0
    with QuickDeviations():
        found = samples.std(dim=-1)
    assert torch.isnan(found[0, 0])
    assert found[1, 1] == 0


@pytest.mark.parametrize("name", ["PhaseNet", "EQTransformer"])
def test_preparation_by_seisbench_changes_in_the_last_digit_only(
    name: str, samples: torch.Tensor, save_random, tmp_path
) -> None:
    picker = open_picker(name.lower(), str(save_random(tmp_path, name, "r")))
    seen: list[torch.Tensor] = []

    def forward(prepared: torch.Tensor):
        seen.append(prepared.clone())
        return picker.module(prepared)

    windows = samples.repeat(1, 1, 2)[..., : picker.window_shape[1]]
    with torch.inference_mode():
        picker.step(windows.clone(), forward)
        with QuickDeviations():
            picker.step(windows.clone(), forward)
    torch.testing.assert_close(seen[1], seen[0], rtol=2e-6, atol=1e-6)
