"""Losses that are zero where they should be, and blind where nothing is known."""

from __future__ import annotations

import pytest
import torch

from workbench.training.losses import distillation_loss, hint_loss, label_loss, soften


def curves(seed: int = 0) -> torch.Tensor:
    return torch.randn(2, 3, 50, generator=torch.Generator().manual_seed(seed)).softmax(dim=1)


def test_softened_curve_adds_up_to_one_and_is_flatter():
    sharp = curves()
    soft = soften(sharp, 3.0)
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(2, 50))
    assert (soft.max(dim=1).values < sharp.max(dim=1).values).all()
    torch.testing.assert_close(soften(sharp, 1.0), sharp, atol=1e-5, rtol=0)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
def test_distillation_is_zero_if_the_student_agrees_and_never_negative(temperature):
    teacher, weight = curves(), torch.ones(2, 50)
    assert distillation_loss(teacher.log(), teacher, weight, temperature).item() == pytest.approx(0.0, abs=1e-5)
    assert distillation_loss(curves(1).log(), teacher, weight, temperature).item() > 0.01


def test_square_of_the_temperature_keeps_the_size_of_the_gradient():
    teacher, weight = curves(), torch.ones(2, 50)
    sizes = []
    for temperature in (5.0, 10.0):
        logits = torch.zeros(2, 3, 50, requires_grad=True)
        distillation_loss(logits, teacher, weight, temperature).backward()
        sizes.append(logits.grad.norm().item())
    assert sizes[1] == pytest.approx(sizes[0], rel=0.15)


@pytest.mark.parametrize("loss", [label_loss, lambda *given: distillation_loss(*given, 2.0)])
def test_samples_of_weight_zero_do_not_count(loss):
    logits, target, weight = torch.randn(2, 3, 50), curves(), torch.ones(2, 50)
    weight[:, 20:] = 0
    before = loss(logits, target, weight)
    other = logits.clone()
    other[:, :, 20:] = 30 * torch.randn(2, 3, 30)
    torch.testing.assert_close(loss(other, target, weight), before)
    assert loss(logits, target, torch.zeros(2, 50)).item() == 0.0


def test_hint_is_blind_to_scale_and_offset_of_the_teachers_layer():
    features, wanted = torch.randn(4, 6, 20), torch.randn(4, 6, 40)
    torch.testing.assert_close(hint_loss(features, wanted), hint_loss(features, 7 * wanted + 3), atol=1e-4, rtol=0)
