"""Seams, colours, greys and new edges: what repainting with the built-in model looks like.

python -m tests.benchmarks.inpainting                        all tables
python -m tests.benchmarks.inpainting seam --pictures 4      one of them, quicker
python -m tests.benchmarks.inpainting outpaint --sheets DIR  and pictures to look at
python -m tests.benchmarks.inpainting seam --inpainting-model RUN/pipeline
                                                             and by `sdstudio train inpainting`

`seam` repaints a region of held-out drawings under their own caption, once through the studio's
whole path (document, plan, engine, finish, accepted result) and once through diffusers'
StableDiffusionInpaintPipeline with the same weights, prompt, steps, guidance and seed. "pasted"
lays the pipeline's result over the original through the same mask; "plain" is what it returns.
"bare" is the studio without its soft edges and its matching of colours. Ways that begin with
"9 channels" are by the model of --inpainting-model, which sees the mask and what it leaves.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionInpaintPipeline
from PIL import Image, ImageDraw

from sdstudio.document.document import Document
from sdstudio.document.masks import MaskEdges, grown
from sdstudio.document.rect import Rect
from sdstudio.document.repaint import plan_repaint
from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.messages.generation import FillMode, GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.training.world.scene import draw_scene
from tests.benchmarks.models_under_test import STARTER
from tests.support.engine_runs import generate
from tests.support.seams import colour_shift, step_across

SIDE = 256
BANDS = 8
HARD = MaskEdges(grow_px=0, feather=0.0, min_feather_px=0, blend_px=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A held-out drawing, its caption, and what of it is repainted."""

    seed: int
    picture: np.ndarray
    prompt: str
    mask: np.ndarray


def scenes(count: int) -> Iterator[Scene]:
    """Drawings with masks as painters make them: a blob, a box, a stroke, by turns."""
    for seed in range(count):
        image, caption, _ = draw_scene(seed, width=SIDE, height=SIDE, split="held-out")
        mask = _mask(seed)
        yield Scene(seed=seed, picture=np.array(image), prompt=caption, mask=mask)


def _mask(seed: int) -> np.ndarray:
    rng = np.random.default_rng((seed, 7))
    image = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(image)
    x, y = (int(value) for value in rng.integers(72, SIDE - 72, 2))
    wide, high = (int(value) for value in rng.integers(32, 64, 2))
    if seed % 3 == 0:
        pen.ellipse((x - wide, y - high, x + wide, y + high), fill=255)
    elif seed % 3 == 1:
        pen.rectangle((x - wide, y - high, x + wide, y + high), fill=255)
    else:
        points = [(x - 60, y + 30), (x - 20, y - 30), (x + 20, y + 30), (x + 60, y - 30)]
        pen.line(points, fill=255, width=34, joint="curve")
        for at_x, at_y in (points[0], points[-1]):
            pen.ellipse((at_x - 17, at_y - 17, at_x + 17, at_y + 17), fill=255)
    return np.array(image)


class Painter:
    """Repaints documents with one engine, as the window does."""

    def __init__(self, folder: Path, steps: int) -> None:
        self.steps = steps
        self._engine = DiffusionEngine(resolve_model=lambda _: folder, dtype="float32")

    def repaint(
        self,
        document: Document,
        prompt: str,
        *,
        seed: int,
        fill: FillMode = "blur",
        strength: float = 1.0,
        edges: MaskEdges | None = None,
        box: Rect | None = None,
        matches_colours: bool = True,
    ) -> None:
        """Plan, run, finish and accept."""
        plan = plan_repaint(document, training_side=SIDE, edges=edges, strength=strength, box=box)
        start = plan.start(fill, np.random.default_rng(seed), strength=strength)
        request = GenerationRequest(
            prompt=prompt,
            width=plan.crop.width,
            height=plan.crop.height,
            num_inference_steps=self.steps,
            seed=seed,
            start=start,
        )
        result = generate(self._engine, request).results[0].picture
        finished = plan.finish(result, matches_colours=matches_colours)
        document.accept_result(finished.picture, plan.box, request, blend_mask=finished.blend)


def document_of(picture: np.ndarray, mask: np.ndarray | None = None) -> Document:
    """A document that shows the picture, with a mask layer above it."""
    document = Document.from_picture(to_raster(picture))
    if mask is not None:
        document.layers.add_picture(to_raster(mask))
    return document


def to_raster(pixels: np.ndarray) -> Raster:
    """An array as plain bytes."""
    height, width = pixels.shape[:2]
    mode = "L" if pixels.ndim == 2 else "RGB"
    return Raster(width=width, height=height, mode=mode, pixels=pixels.tobytes())


def seen(document: Document) -> np.ndarray:
    """(height, width, 3), all that the document shows."""
    return document.composite(document.bounds, background=(255, 255, 255))[..., :3]


# --- seams and colours ---


class Reference:
    """diffusers' own inpainting with the same weights."""

    def __init__(self, folder: Path, steps: int) -> None:
        self._steps = steps
        self._pipeline = StableDiffusionInpaintPipeline.from_pretrained(
            folder, safety_checker=None, requires_safety_checker=False, torch_dtype=torch.float32
        )
        self._pipeline.set_progress_bar_config(disable=True)

    def repaint(self, scene: Scene) -> np.ndarray:
        """The pipeline's whole picture."""
        made = self._pipeline(
            prompt=scene.prompt,
            image=Image.fromarray(scene.picture),
            mask_image=Image.fromarray(scene.mask),
            width=SIDE,
            height=SIDE,
            strength=1.0,
            num_inference_steps=self._steps,
            guidance_scale=4.0,
            generator=torch.Generator().manual_seed(scene.seed),
        )
        return np.array(made.images[0])  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one way of repainting did to one scene.

    Attributes:
        border, rim: steps across the painted border, and across where the change begins:
            (of the picture after, of the original), in 255ths.
    """

    border: tuple[float, float]
    rim: tuple[float, float]
    shift: np.ndarray
    changed_outside: int


def judge(scene: Scene, after: np.ndarray) -> Outcome:
    """Measure at the painted border and where the change begins, four pixels farther out."""
    inside, reached = scene.mask > 0, grown(scene.mask, MaskEdges().grow_px) > 0
    differs = (after != scene.picture).any(axis=2)
    return Outcome(
        border=(step_across(after, inside), step_across(scene.picture, inside)),
        rim=(step_across(after, reached), step_across(scene.picture, reached)),
        shift=colour_shift(scene.picture, after, inside),
        changed_outside=int((differs & ~reached).sum()),
    )


class Ways:
    """Every way of repainting with one model, by name; all names begin with `kind`."""

    def __init__(self, folder: Path, steps: int, *, kind: str = "") -> None:
        self._painter, self._reference = Painter(folder, steps), Reference(folder, steps)
        self._kind = kind

    def repaint(self, scene: Scene) -> dict[str, np.ndarray]:
        """The whole picture as each way leaves it."""
        made = self._reference.repaint(scene)
        pasted = np.where(scene.mask[..., None] > 0, made, scene.picture)
        ways = {"diffusers, plain": made, "diffusers, pasted": pasted}
        for name, edges, matches in (("studio", None, True), ("studio, bare", HARD, False)):
            document = document_of(scene.picture, scene.mask)
            self._painter.repaint(
                document, scene.prompt, seed=scene.seed, edges=edges, matches_colours=matches
            )
            ways[name] = seen(document)
        return {self._kind + name: after for name, after in ways.items()}


def seam(
    folder: Path,
    count: int,
    steps: int,
    sheets: Path | None,
    *,
    inpainting_model: Path | None = None,
) -> None:
    """The table of point 2."""
    models = [Ways(folder, steps)]
    if inpainting_model:
        models.append(Ways(inpainting_model, steps, kind="9 channels: "))
    outcomes: dict[str, list[Outcome]] = {}
    rows: list[list[np.ndarray]] = []
    for scene in scenes(count):
        ways = {name: after for model in models for name, after in model.repaint(scene).items()}
        for name, after in ways.items():
            outcomes.setdefault(name, []).append(judge(scene, after))
        shown = scene.picture.copy()
        shown[scene.mask > 0] = shown[scene.mask > 0] // 2 + np.array([100, 20, 20], np.uint8)
        rows.append([scene.picture, shown, *ways.values()])
    print(f"Inpainting {count} held-out drawings, {steps} steps, own caption, strength 1")
    print(f"{'':30s}{'seam':>8s}{'mean':>8s}{'worst':>8s}{'at rim':>8s}{'colour shift':>22s}")
    for name, each in outcomes.items():
        print(_seam_row(name, each))
    print("seam: steps across all borders against the originals' own (goal: at most 1.15);")
    print("mean and worst: of the pictures' own ratios; at rim: 4 px farther out, where it begins")
    print("colour shift: mean of red, green, blue in 255ths (goal: each under 3)")
    _save_sheet(sheets, "seam", rows)


def _seam_row(name: str, outcomes: list[Outcome]) -> str:
    border = np.array([each.border for each in outcomes])
    rim = np.array([each.rim for each in outcomes])
    ratios = border[:, 0] / np.maximum(border[:, 1], 1e-3)
    total, total_rim = (each[:, 0].sum() / each[:, 1].sum() for each in (border, rim))
    shift = np.array([each.shift for each in outcomes])
    signed = " ".join(f"{value:+6.2f}" for value in shift.mean(axis=0))
    changed = sum(each.changed_outside for each in outcomes)
    return (
        f"{name:30s}{total:8.3f}{ratios.mean():8.3f}{ratios.max():8.3f}{total_rim:8.3f}"
        f"{signed:>22s}   {changed:,} pixels changed outside"
    )


# --- greys ---


GREYS = np.linspace(0, 255, BANDS + 1)[1:].astype(np.uint8)
BAND_PX = SIDE // BANDS


def ramp(folder: Path, count: int, steps: int, sheets: Path | None) -> None:
    """The table of point 3: a grey ramp from left to right changes more and more.

    How much there is to change differs from band to band: drawings, and what the model paints,
    have their subject in the middle, so that even white all over changes the right edge least.
    So the ramp is also begun at each of the eight bands in turn: then every part of a picture
    has had every grey once, and only the greys differ.
    """
    painter = Painter(folder, steps)
    changes = np.zeros((count, BANDS, BANDS))  # picture, band the ramp begins at, grey
    white = np.zeros((count, BANDS))
    rows = []
    for index, scene in enumerate(scenes(count)):
        for begin in range(BANDS):
            after = _greyed(painter, scene, np.roll(GREYS, begin))
            changes[index, begin] = np.roll(_band_changes(scene.picture, after), -begin)
            if begin == 0:
                rows.append([scene.picture, after])
        white[index] = _band_changes(
            scene.picture, _greyed(painter, scene, np.full(BANDS, 255, np.uint8))
        )
    print(f"Mean absolute change by grey in eight bands, {count} pictures, {steps} steps")
    _print_bands("from left to right", changes[:, 0])
    _print_bands("white all over", white)
    share = changes[:, 0].mean(axis=0) / white.mean(axis=0)
    print(f"{'its share of white':20s}" + " ".join(f"{value:6.2f}" for value in share))
    _print_bands("begun at each band", changes.mean(axis=1))
    print("from left to right: the drawings as they are; white all over: what there is to change")
    print("begun at each band: mean of eight runs, in which every band has had every grey once")
    _save_sheet(sheets, "ramp", rows)


def _print_bands(name: str, changes: np.ndarray) -> None:
    """One row of the table; `changes` is (pictures, bands)."""
    mean, grows = changes.mean(axis=0), np.diff(changes, axis=1) > 0
    print(f"{name:20s}" + " ".join(f"{value:6.2f}" for value in mean), end="  ")
    print("grows" if (np.diff(mean) > 0).all() else "does not grow", end=" throughout; ")
    steps = " ".join(str(number) for number in grows.sum(axis=0))
    print(f"single pictures: {grows.all(axis=1).sum()} of {len(changes)}, by step {steps}")


def _greyed(painter: Painter, scene: Scene, greys: np.ndarray) -> np.ndarray:
    """The picture after a repaint under eight upright bands of grey."""
    mask = np.repeat(np.repeat(greys, BAND_PX)[None], SIDE, axis=0)
    document = document_of(scene.picture, mask)
    painter.repaint(document, scene.prompt, seed=scene.seed, fill="original", edges=HARD)
    return seen(document)


def _band_changes(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean absolute difference in each of eight upright bands, in 255ths."""
    change = np.abs(after.astype(float) - before).mean(axis=(0, 2))
    return change.reshape(BANDS, BAND_PX).mean(axis=1)


# --- new edges ---


def outpaint(folder: Path, count: int, steps: int, sheets: Path | None) -> None:
    """Point 4: 256 to 384 pixels on each side, and all four at once."""
    painter = Painter(folder, steps)
    boxes = {
        "left": Rect(-128, 0, 256 + 128, 256),
        "top": Rect(0, -128, 256, 256 + 128),
        "right": Rect(0, 0, 256 + 128, 256),
        "bottom": Rect(0, 0, 256, 256 + 128),
        "all": Rect(-64, -64, 384, 384),
    }
    rows, seams, damaged = [], [], 0
    for scene in scenes(count):
        row = [scene.picture]
        for box in boxes.values():
            document = document_of(scene.picture)
            painter.repaint(document, scene.prompt, seed=scene.seed, fill="edge", box=box)
            after = seen(document)
            where = Rect(max(0, -box.x), max(0, -box.y), SIDE, SIDE)
            damaged += int((after[where.slices] != scene.picture).sum())
            is_old = np.zeros(after.shape[:2], bool)
            is_old[where.slices] = True
            seams.append(step_across(after, is_old))
            row.append(after)
        rows.append(row)
    print(f"Outpainting {count} drawings from 256 to 384 pixels on each side and on all")
    print(f"bytes of the originals that differ: {damaged}")
    print(f"step across the old edge: {np.mean(seams):.1f} of 255 ({', '.join(boxes)})")
    _save_sheet(sheets, "outpaint", rows)


def _save_sheet(folder: Path | None, name: str, rows: list[list[np.ndarray]]) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    height = max(each.shape[0] for row in rows for each in row)
    width = sum(each.shape[1] + 8 for each in rows[0])
    sheet = Image.new("RGB", (width, len(rows) * (height + 8)), (60, 60, 60))
    for index, row in enumerate(rows):
        left = 0
        for each in row:
            sheet.paste(Image.fromarray(each), (left, index * (height + 8)))
            left += each.shape[1] + 8
    sheet.save(folder / f"{name}.png")


TABLES = {"seam": seam, "ramp": ramp, "outpaint": outpaint}
PICTURES = {"seam": 20, "ramp": 20, "outpaint": 4}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"of {', '.join(TABLES)}; all if none is named")
    parser.add_argument("--pictures", type=int, help="of each table")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--model", type=Path, default=STARTER)
    parser.add_argument("--inpainting-model", type=Path, help="a variant, beside it in `seam`")
    parser.add_argument("--sheets", type=Path, help="a folder for pictures to look at")
    arguments = parser.parse_args()
    if unknown := set(arguments.tables) - TABLES.keys():
        parser.error(f"there is no table {', '.join(sorted(unknown))}")
    keep_freed_memory()
    tables = TABLES | {"seam": partial(seam, inpainting_model=arguments.inpainting_model)}
    for name in arguments.tables or list(TABLES):
        count = arguments.pictures or PICTURES[name]
        tables[name](arguments.model, count, arguments.steps, arguments.sheets)
        print()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
