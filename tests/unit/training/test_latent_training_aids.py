"""What helps text-to-picture training along: the layout head, and growing by one level."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from transformers import CLIPTextModel

from sdstudio.errors import ModelFileError
from sdstudio.training.clip import text_config
from sdstudio.training.dataset import seeded_generator
from sdstudio.training.growing import grown_name, take_inside
from sdstudio.training.latent_unet import LatentDiffusionObjective, UNetShape, build_unet
from sdstudio.training.layout_head import CELLS, CLASSES, NOTHING, layouts
from sdstudio.training.noise_schedule import noise_schedule
from sdstudio.training.tokenizer import token_ids, train_tokenizer
from sdstudio.training.world.subjects.table import SUBJECTS

SMALL = UNetShape(channels=(32, 48), heads=2, attention=(False, True), text_width=48)
GROWN = UNetShape(channels=(32, 32, 48), heads=2, attention=(False, False, True), text_width=48)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def objective(shape: UNetShape, *, seed: int, layout_weight: float) -> LatentDiffusionObjective:
    torch.manual_seed(seed)
    tokenizer = train_tokenizer(["a red cat by the sea"] * 5)
    return LatentDiffusionObjective(
        build_unet(shape, sample_size=8),
        CLIPTextModel(text_config(tokenizer, hidden_size=48, layers=1)),
        noise_schedule(rescale_betas_zero_snr=True),
        layout_weight=layout_weight,
    )


def test_a_layout_names_the_subject_in_its_box_and_the_later_one_on_top() -> None:
    first, second = list(SUBJECTS)[:2]
    scene = {
        "things": [
            {"subject": first, "boxes": [[0, 0, 128, 256]]},
            {"subject": second, "boxes": [[64, 128, 256, 256]]},
        ],
        "width": 256,
        "height": 256,
    }
    (cells,) = layouts((scene,))  # type: ignore[misc]
    half, quarter = CELLS // 2, CELLS // 4
    assert (cells[:half, :half] == 1).all()
    assert (cells[half:, quarter:] == 2).all()
    assert (cells[:half, half:] == NOTHING).all()
    assert cells.max() < CLASSES


def test_pictures_that_do_not_say_what_is_where_have_no_layout() -> None:
    assert layouts(({},)) is None


def test_the_head_learns_a_layout_and_teaches_the_unet() -> None:
    model = objective(SMALL, seed=0, layout_weight=1.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    latents = torch.randn(4, 4, 8, 8, generator=seeded_generator(0))
    ids = token_ids(train_tokenizer(["a red cat by the sea"] * 5), ["a cat"] * 4)
    maps = torch.zeros(4, CELLS, CELLS, dtype=torch.uint8)
    maps[:, 4:12, 4:12] = 3
    said = []
    for step in range(30):
        losses = model(latents, ids, maps, generator=seeded_generator(step))
        losses["loss"].backward()
        if step == 0:
            taught = model.unet.mid_block.attentions[0].proj_in.weight.grad
            assert taught is not None and taught.abs().sum() > 0
        optimizer.step()
        optimizer.zero_grad()
        said.append(losses["layout"].item())
    assert said[-1] < 0.3 * said[0]


def test_without_a_head_the_loss_is_the_error_alone() -> None:
    model = objective(SMALL, seed=0, layout_weight=0.0)
    latents = torch.zeros(2, 4, 8, 8)
    ids = token_ids(train_tokenizer(["a red cat by the sea"] * 5), ["a cat", ""])
    losses = model(latents, ids, generator=seeded_generator(0))
    assert "layout" not in losses
    assert model.layout_head is None


def test_inner_levels_of_a_grown_unet_are_the_small_ones() -> None:
    small = objective(SMALL, seed=1, layout_weight=0.1)
    grown = objective(GROWN, seed=2, layout_weight=0.1)
    trained = {name: tensor.detach() for name, tensor in small.named_parameters()}
    take_inside(grown, trained)
    inner = dict(grown.unet.named_parameters())
    for name, tensor in small.unet.named_parameters():
        if name.startswith(("mid_block", "time_embedding", "up_blocks.0", "down_blocks.1")):
            assert torch.equal(inner[grown_name(name)], tensor), name
    for name, tensor in small.text_encoder.named_parameters():
        assert torch.equal(dict(grown.text_encoder.named_parameters())[name], tensor)


def test_a_model_of_another_shape_is_not_grown() -> None:
    wide = UNetShape(channels=(64, 96), heads=2, attention=(False, True), text_width=48)
    other = objective(wide, seed=1, layout_weight=0.0).unet
    grown = objective(GROWN, seed=2, layout_weight=0.0)
    trained = {f"unet.{name}": tensor.detach() for name, tensor in other.named_parameters()}
    with pytest.raises(ModelFileError):
        take_inside(grown, trained)


def test_layouts_are_bytes_so_that_many_fit() -> None:
    scene = {"things": [], "width": 320, "height": 208}
    maps = layouts((scene, scene))
    assert maps is not None and maps.dtype == np.uint8 and not maps.any()
