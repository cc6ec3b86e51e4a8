"""CLIP: its loss and cropped captions against transformers', retrieval, a run end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPModel, CLIPProcessor, CLIPTokenizer

from sdstudio.apps.cli.train import main
from sdstudio.training.caption_source import CaptionSource
from sdstudio.training.clip import (
    MAX_LOGIT_SCALE,
    ContrastiveObjective,
    build_clip,
    embed_texts,
    retrieval_accuracy,
    save_clip,
)
from sdstudio.training.dataset import PictureDataset
from sdstudio.training.near_scenes import near_scene
from sdstudio.training.tokenizer import token_ids, train_tokenizer
from sdstudio.training.world.captions import canonical_caption
from sdstudio.training.world.scene import sample_attributes

CAPTIONS = ["a red cat", "two blue birds by the sea at night", "a green tree, neon", ""]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def tokenizer() -> CLIPTokenizer:
    return train_tokenizer(CAPTIONS * 5)


@pytest.fixture
def clip(tokenizer: CLIPTokenizer) -> CLIPModel:
    torch.manual_seed(0)
    return build_clip(tokenizer, hidden_size=48, text_layers=2, vision_layers=1)


@pytest.fixture
def pictures() -> torch.Tensor:
    return torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_the_loss_is_that_of_transformers(
    clip: CLIPModel, tokenizer: CLIPTokenizer, pictures: torch.Tensor
) -> None:
    ids = token_ids(tokenizer, CAPTIONS)
    ours = ContrastiveObjective(clip)(pictures, ids, generator=torch.Generator())
    theirs = clip(input_ids=ids, pixel_values=pictures, return_loss=True)
    # the same sums in another order
    torch.testing.assert_close(ours["loss"], theirs.loss, rtol=1e-5, atol=1e-5)


def test_wrong_captions_are_to_be_chosen_by_no_picture(
    clip: CLIPModel, tokenizer: CLIPTokenizer, pictures: torch.Tensor
) -> None:
    wrong = ["a blue cat", CAPTIONS[1], "a green pine, neon"]  # the second is right after all
    ids = token_ids(tokenizer, [*CAPTIONS, *wrong], crop=True)
    loss = ContrastiveObjective(clip)(pictures, ids, generator=torch.Generator())["loss"]
    theirs = clip(input_ids=ids, pixel_values=pictures)
    by_picture, by_text = theirs.logits_per_image.clone(), theirs.logits_per_text[:4]
    by_picture[1, 5] = -torch.inf
    own = torch.arange(4)
    expected = (
        torch.nn.functional.cross_entropy(by_picture, own)
        + torch.nn.functional.cross_entropy(by_text, own)
    ) / 2
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-5)


def test_near_scenes_differ_in_one_respect() -> None:
    rng = np.random.default_rng(0)
    changed = set()
    for seed in range(60):
        scene = sample_attributes(np.random.default_rng(seed))
        near = near_scene(scene, rng)
        differs = {f.name for f in fields(scene) if getattr(scene, f.name) != getattr(near, f.name)}
        assert len(differs) == 1
        assert canonical_caption(near) != canonical_caption(scene)
        changed |= differs
    assert changed == {"things", "place", "time", "style"}


def test_a_cropped_caption_means_the_same(clip: CLIPModel, tokenizer: CLIPTokenizer) -> None:
    cropped = token_ids(tokenizer, CAPTIONS, crop=True)
    assert cropped.shape[1] < 20
    whole = embed_texts(clip, token_ids(tokenizer, CAPTIONS))
    torch.testing.assert_close(embed_texts(clip, cropped), whole, rtol=1e-4, atol=1e-5)


def test_the_temperature_stays_in_its_bounds(
    clip: CLIPModel, tokenizer: CLIPTokenizer, pictures: torch.Tensor
) -> None:
    with torch.no_grad():
        clip.logit_scale.fill_(9.0)
    objective = ContrastiveObjective(clip)
    losses = objective(pictures, token_ids(tokenizer, CAPTIONS), generator=torch.Generator())
    assert float(losses["logit_scale"]) == pytest.approx(MAX_LOGIT_SCALE)


def test_retrieval_counts_a_pictures_own_caption_within_its_group() -> None:
    vectors = torch.eye(6)
    swapped = vectors[[1, 0, 2, 3, 4, 5]]
    assert retrieval_accuracy(vectors, vectors, among=3) == 1
    assert retrieval_accuracy(vectors, swapped, among=3) == pytest.approx(4 / 6)
    assert retrieval_accuracy(vectors[:5], swapped[:5], among=3) == pytest.approx(1 / 3)


def test_captions_of_the_world_are_written_anew_and_others_kept() -> None:
    scene = {
        "things": [{"subject": "cat", "colour": "red", "boxes": [[0, 0, 9, 9]]}],
        "place": "snow",
        "extras": [],
    }
    pictures = PictureDataset(
        pictures=np.zeros((2, 8, 8, 3), np.uint8),
        captions=("said once", "my holiday"),
        attributes=(scene, {"file": "a.png"}),
    )
    source = CaptionSource(pictures)
    both = torch.tensor([0, 1])
    assert source.plain(both) == ["a red cat in the snow", "my holiday"]
    wrong, unknown = source.write_near(both, np.random.default_rng(0))
    assert wrong != "a red cat in the snow"
    assert unknown == "my holiday", "of a picture from elsewhere nothing wrong is known"
    written = [source.write(both, np.random.default_rng(seed)) for seed in range(20)]
    assert {captions[1] for captions in written} == {"my holiday"}
    assert len({captions[0] for captions in written}) > 3


def test_transformers_opens_the_saved_folder(
    clip: CLIPModel, tokenizer: CLIPTokenizer, tmp_path: Path
) -> None:
    save_clip(clip, tokenizer, tmp_path / "clip")
    opened = CLIPModel.from_pretrained(tmp_path / "clip")
    processor = CLIPProcessor.from_pretrained(tmp_path / "clip")
    inputs = processor(
        text=CAPTIONS[:1], images=Image.new("RGB", (128, 128), "red"), return_tensors="pt"
    )
    ids = token_ids(tokenizer, CAPTIONS[:1], crop=True)
    assert torch.equal(inputs["input_ids"], ids)
    red = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, 64, 64)
    torch.testing.assert_close(inputs["pixel_values"], red)
    with torch.no_grad():  # saved in float16: three digits
        torch.testing.assert_close(
            embed_texts(opened, ids), embed_texts(clip, ids), rtol=1e-2, atol=2e-3
        )


def test_a_run_learns_which_caption_belongs_to_which_picture(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for index in range(40):
        colour = ("red", "lime", "blue", "white")[index % 4]
        Image.new("RGB", (64, 64), colour).save(photos / f"{index}.png")
        (photos / f"{index}.txt").write_text(f"a {colour} wall")
    run = tmp_path / "run"
    arguments = ["clip", "--output", str(run), "--data", str(photos), "--resolution", "64"]
    arguments += ["--hidden-size", "48", "--text-layers", "1", "--vision-layers", "1"]
    arguments += ["--steps", "12", "--batch-size", "8", "--warmup-steps", "1"]
    arguments += ["--checkpoint-every", "100", "--log-every", "100", "--precision", "float32"]
    assert main(arguments) == 0
    losses = [json.loads(line)["loss"] for line in (run / "losses.jsonl").read_text().splitlines()]
    # chance is log 8 = 2.08; four kinds of pairs twice each cannot go below log 2 = 0.69
    assert losses[-1] < 1.5 < losses[0]
    assert (run / "clip" / "model.safetensors").exists()
    arguments[2], arguments[arguments.index("--steps") + 1] = str(tmp_path / "on"), "1"
    assert main([*arguments, "--init-from", str(run / "clip")]) == 0
    first = json.loads((tmp_path / "on" / "losses.jsonl").read_text().splitlines()[0])["loss"]
    assert first < 1.5, "it goes on where the other run ended"
    assert main([*arguments, "--init-from", str(photos), "--output", str(tmp_path / "no")]) == 1
