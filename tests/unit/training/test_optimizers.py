"""Muon against torch's, and several optimisers behind one face."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from sdstudio.errors import InvalidRequestError
from sdstudio.training.optimizers import Muon, TrainedModule, build_optimizer, orthogonalise


@pytest.mark.parametrize("shape", [(8, 32), (32, 8), (16, 16)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(matrix).float())
    assert values.max() < 1.3
    assert values.median() > 0.6


def test_on_a_matrix_it_is_torchs_muon() -> None:
    ours, theirs = nn.Linear(12, 7, bias=False), nn.Linear(12, 7, bias=False)
    theirs.load_state_dict(ours.state_dict())
    mine = Muon(ours.parameters(), lr=0.02, weight_decay=0.1)
    other = torch.optim.Muon(
        theirs.parameters(), lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"
    )
    for step in range(4):
        inputs = torch.randn(5, 12, generator=torch.Generator().manual_seed(step))
        for layer, optimizer in ((ours, mine), (theirs, other)):
            optimizer.zero_grad()
            layer(inputs).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-4, atol=1e-5)


def test_a_convolution_counts_as_one_flat_matrix() -> None:
    conv, flat = nn.Conv2d(4, 6, 3, bias=False), nn.Linear(36, 6, bias=False)
    with torch.no_grad():
        flat.weight.copy_(conv.weight.flatten(1))
    gradient = torch.randn(6, 36, generator=torch.Generator().manual_seed(0))
    conv.weight.grad, flat.weight.grad = gradient.view_as(conv.weight), gradient.clone()
    for layer in (conv, flat):
        Muon(layer.parameters(), lr=0.1).step()
    torch.testing.assert_close(conv.weight.flatten(1), flat.weight)


def test_learning_rates_reach_both_parts_and_state_survives_a_round_trip() -> None:
    model = _model()
    optimizer = build_optimizer([TrainedModule(module=model, lr_scale=0.5)], name="muon")
    assert {group["lr_scale"] for group in optimizer.param_groups} == {0.5}
    _step(model, optimizer)
    assert len(optimizer.state) == len(list(model.parameters()))
    other_model = _model()
    other_model.load_state_dict(model.state_dict())
    other = build_optimizer([TrainedModule(module=other_model, lr_scale=0.5)], name="muon")
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for group in [*optimizer.param_groups, *other.param_groups]:
        group["lr"] = 1e-2
    before = model[1].weight.detach().clone()
    _step(model, optimizer)
    _step(other_model, other)
    assert not torch.equal(model[1].weight, before)
    for mine, theirs in zip(model.parameters(), other_model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_only_hidden_matrices_go_to_muon() -> None:
    model = nn.ModuleDict(
        {"token_embedding": nn.Embedding(5, 8), "mid": nn.Linear(8, 8), "conv_out": nn.Linear(8, 2)}
    )
    optimizer = build_optimizer([TrainedModule(module=model)], name="muon")
    hidden = [p for group in optimizer.param_groups if "momentum" in group for p in group["params"]]
    assert [tuple(p.shape) for p in hidden] == [(8, 8)]
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 5


def test_an_unknown_optimiser_is_said_so() -> None:
    with pytest.raises(InvalidRequestError, match="sgd"):
        build_optimizer([TrainedModule(module=_model())], name="sgd")


def _model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3), nn.GroupNorm(1, 4))


def _step(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    model(torch.ones(1, 2, 6, 6)).square().sum().backward()
    optimizer.step()
