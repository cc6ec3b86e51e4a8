"""Training pictures: drawn or gathered, resumable, and shown in an order that a step decides."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sdstudio.errors import InvalidRequestError
from sdstudio.training import dataset
from sdstudio.training.dataset import (
    batch_indices,
    draw_dataset,
    gather_pictures,
    hold_out,
    open_dataset,
    seeded_generator,
)
from sdstudio.training.world.scene import draw_scene

SMALL = (64, 48)


def test_drawn_pictures_are_the_scenes_of_their_seeds(tmp_path: Path) -> None:
    drawn = draw_dataset(tmp_path / "world", 5, 100, size=SMALL, workers=1)
    assert drawn.pictures.shape == (5, 48, 64, 3)
    for place in (0, 4):
        picture, caption, attributes = draw_scene(100 + place, width=64, height=48)
        assert np.array_equal(drawn.pictures[place], np.asarray(picture))
        assert drawn.captions[place] == caption
        assert drawn.attributes[place]["place"] == attributes.place
    lines = (tmp_path / "world" / "captions.jsonl").read_text().splitlines()
    assert [json.loads(line)["caption"] for line in lines] == list(drawn.captions)
    batch = drawn.batch(torch.tensor([4, 0]))
    assert batch.shape == (2, 3, 48, 64)
    assert batch.min() >= -1 and batch.max() <= 1
    back = ((batch[1].permute(1, 2, 0) + 1) * 127.5).round().numpy()
    assert np.array_equal(back, drawn.pictures[0])


def test_drawing_goes_on_where_it_was_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "CHUNK", 2)
    source = make_pictures(tmp_path / "source", 7)
    whole = gather_pictures(source, tmp_path / "whole", size=SMALL)

    class PowerCut(BaseException):
        pass

    def cut(done: int, _count: int) -> None:
        if done == 4:
            raise PowerCut

    with pytest.raises(PowerCut):
        gather_pictures(source, tmp_path / "cut", size=SMALL, report=cut)
    part = tmp_path / "cut" / "captions.jsonl.part"
    assert len(part.read_text().splitlines()) == 4
    part.write_text(part.read_text() + '{"caption": "to')
    seen: list[int] = []
    resumed = gather_pictures(
        source, tmp_path / "cut", size=SMALL, report=lambda done, _count: seen.append(done)
    )
    assert seen == [6, 7]
    assert np.array_equal(resumed.pictures, whole.pictures)
    assert resumed.captions == whole.captions


def test_reopening_draws_nothing(tmp_path: Path) -> None:
    source = make_pictures(tmp_path / "source", 3)
    gather_pictures(source, tmp_path / "data", size=SMALL)

    def fail(_done: int, _count: int) -> None:
        raise AssertionError("drawn again")

    assert len(gather_pictures(source, tmp_path / "data", size=SMALL, report=fail)) == 3


def test_a_folder_made_otherwise_is_refused(tmp_path: Path) -> None:
    source = make_pictures(tmp_path / "source", 3)
    gather_pictures(source, tmp_path / "data", size=SMALL)
    with pytest.raises(InvalidRequestError, match="other training pictures"):
        gather_pictures(source, tmp_path / "data", size=(32, 32))


def test_broken_pictures_are_left_out_and_named(tmp_path: Path) -> None:
    source = make_pictures(tmp_path / "source", 3)
    (source / "1.txt").write_text("a red house\n")
    (source / "broken.png").write_bytes((source / "0.png").read_bytes()[:40])
    (source / "text.jpg").write_text("no picture")
    (source / "notes.md").write_text("not even by name")
    gathered = open_dataset(str(source), tmp_path / "data", count=0, seed=0, size=SMALL)
    assert len(gathered) == 3
    assert gathered.captions == ("", "a red house", "")
    assert [note.split(":")[0] for note in gathered.skipped] == ["broken.png", "text.jpg"]


@pytest.mark.parametrize("make", [True, False])
def test_a_folder_without_pictures_is_refused(tmp_path: Path, make: bool) -> None:
    source = tmp_path / "source"
    if make:
        source.mkdir()
    with pytest.raises(InvalidRequestError, match=r"folder|no picture"):
        gather_pictures(source, tmp_path / "data", size=SMALL)


def test_gathered_pictures_keep_their_middle(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    wide = Image.new("RGB", (300, 48), "black")
    wide.paste((255, 255, 255), (118, 0, 182, 48))
    wide.save(source / "wide.png")
    gathered = gather_pictures(source, tmp_path / "data", size=SMALL)
    assert gathered.pictures.min() == 255


def test_every_pass_shows_every_sample_once_in_another_order() -> None:
    steps = [batch_indices(step, batch_size=4, length=10, seed=3) for step in range(5)]
    order = torch.cat(steps)
    first, second = order[:10], order[10:]
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10))
    assert not torch.equal(first, second)
    assert torch.equal(batch_indices(3, batch_size=4, length=10, seed=3), steps[3])
    assert not torch.equal(batch_indices(3, batch_size=4, length=10, seed=4), steps[3])


@pytest.mark.parametrize("length, kept", [(1, 1), (5, 1), (40, 4), (5000, 64)])
def test_held_out_samples_are_not_trained_on(length: int, kept: int) -> None:
    train, held_out = hold_out(length, 64)
    assert len(held_out) == kept == len(set(held_out.tolist()))
    if length > 1:
        assert sorted(train.tolist() + held_out.tolist()) == list(range(length))
    else:
        assert train.tolist() == [0]


def test_generators_differ_in_every_number() -> None:
    def draw(*numbers: int) -> float:
        return torch.rand(1, generator=seeded_generator(*numbers)).item()

    assert draw(1, 2, 3) == draw(1, 2, 3)
    assert (
        len({draw(1, 2, 3), draw(1, 2, 4), draw(1, 3, 3), draw(2, 2, 3), draw(2**64 - 1, 2)}) == 5
    )


def make_pictures(folder: Path, count: int) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for place in range(count):
        pixels = rng.integers(0, 256, (50, 70, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{place}.png")
    return folder
