"""Whether the built-in model paints what its prompts say, on 500 prompts it was never taught.

Run: python -m tests.benchmarks.adherence --cache FOLDER [--model FOLDER] [--prompts 64]
                                          [--data RUN/data] [--clip RUN/clip] [--sheet FILE]
                                          [--few-step]

A judge (judge.py), taught once on drawn pictures and kept in --cache, reads every picture, and
drawings of the same scenes: what it gets right there is the ceiling. The table says how often it
saw what was asked for, as a share of the ceiling, with 95 % Wilson intervals, beside the bar of the
project. With --clip the same is asked of a trained CLIP, which ranks prompts that differ in a word.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.training.sample_grid import picture_grid
from sdstudio.training.world.scene import draw_attributes
from tests.benchmarks.clip_ranking import ClipRanking
from tests.benchmarks.held_out_prompts import COUNT, Case, held_out_cases
from tests.benchmarks.judge import CLASSES, HALVES, QUESTIONS, Judge, read
from tests.benchmarks.judge_training import NOT_ASKED, answers, trained_judge
from tests.benchmarks.models_under_test import STARTER
from tests.benchmarks.painting import Defaults, Painter, finished_model
from tests.benchmarks.proportions import Proportion

BARS: dict[str, float] = {"left / right": 0.90, "count": 0.80}
BARS |= dict.fromkeys(("subject", "colour", "place", "time", "style"), 0.95)
PLAIN = ("subject", "colour", "place", "time", "style", "count")
ROWS = (*PLAIN, "left / right", "order of two", "subject of two", "colour of two")
"""left / right: both subjects where they belong; order of two: whichever order is likelier."""

Table = dict[str, Proportion]


def judged(judge: Judge, cases: Sequence[Case], pictures: Tensor) -> dict[str, Tensor]:
    """Return what the judge found right, by row: int8 (N,) 1, 0, or -1 where it was not asked."""
    labels = torch.tensor([answers(case.scene) for case in cases])
    reading = read(judge, pictures)
    asked = dict(zip(QUESTIONS, labels.T, strict=True))
    right = {
        question: torch.where(label == NOT_ASKED, -1, reading.hits(question, label).long())
        for question, label in asked.items()
    }
    pairs = torch.tensor([len(case.scene.things) == 2 for case in cases])
    several = torch.tensor([case.scene.things[0].count > 1 for case in cases])
    found = {name: right[name] for name in PLAIN}
    found["count"] = torch.where(several, right["count"], -1)
    found["left / right"] = _both(right["left subject"], right["right subject"], pairs)
    left, right_one = (asked[f"{half} subject"].clamp(min=0) for half in HALVES)
    found["order of two"] = torch.where(pairs, reading.ordered(left, right_one).long(), -1)
    for name in ("subject", "colour"):
        halves = [torch.where(pairs, right[f"{half} {name}"], -1) for half in HALVES]
        found[f"{name} of two"] = torch.cat(halves)
    return {name: found[name].to(torch.int8) for name in ROWS}


def _both(first: Tensor, second: Tensor, asked: Tensor) -> Tensor:
    return torch.where(asked, first.clamp(min=0) * second.clamp(min=0), -1)


def summed(found: dict[str, Tensor]) -> Table:
    """Return the share of right ones among those that were asked, by row."""
    return {
        name: Proportion(hits=int((values == 1).sum()), total=int((values >= 0).sum()))
        for name, values in found.items()
    }


def drawings(cases: Sequence[Case]) -> Tensor:
    """Return the cases as the world draws them, float32 (N, 3, 256, 256) in [-1, 1]."""
    drawn = np.stack([np.asarray(draw_attributes(case.scene)) for case in cases])
    return torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1


def ceiling(judge: Judge, cache: Path) -> Table:
    """Return what the judge reads rightly in drawings of all held-out scenes; kept in `cache`."""
    note, weights = cache / "ceiling.json", cache / "judge.safetensors"
    if not note.exists() or note.stat().st_mtime < weights.stat().st_mtime:
        cases = held_out_cases(COUNT)
        table = summed(judged(judge, cases, drawings(cases)))
        note.write_text(json.dumps({n: [p.hits, p.total] for n, p in table.items()}))
    kept = json.loads(note.read_text())
    return {name: Proportion(hits=hits, total=total) for name, (hits, total) in kept.items()}


def print_table(table: Table, highest: Table, *, bars: dict[str, float]) -> None:
    """Print every row with its interval; the bars are shares of the ceiling."""
    print(f"{'':20s}{'drawings':>9s}{'right':>10s}{'of ceiling':>12s}   95 % interval")
    for name, found in table.items():
        if not found.total:
            continue
        top = highest[name].share
        low, high = (min(edge / top, 1.0) if top else math.nan for edge in found.wilson())
        share, bar = found.share / top if top else math.nan, bars.get(name)
        verdict = "" if bar is None else f"  {'reaches' if share >= bar else 'misses'} {bar:.0%}"
        counted = f"{found.hits}/{found.total}"
        print(f"{name:20s}{top:9.1%}{counted:>10s}{share:12.1%}  {low:6.1%} -{high:7.1%}{verdict}")


def print_by_class(cases: Sequence[Case], found: dict[str, Tensor], name: str) -> None:
    """Print which values of an attribute come out worst."""
    place = QUESTIONS.index(name)
    asked = torch.tensor([answers(case.scene)[place] for case in cases])
    shares = []
    for index, label in enumerate(CLASSES[name]):
        chosen = found[name][(asked == index) & (found[name] >= 0)]
        if len(chosen):
            shares.append((float((chosen == 1).float().mean()), label))
    print(f"{name}: " + ", ".join(f"{label} {share:.0%}" for share, label in sorted(shares)))


def main() -> None:
    """Teach the judge if need be, paint, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=STARTER, help="a model or a run in training")
    parser.add_argument("--cache", type=Path, required=True, help="where the judge is kept")
    parser.add_argument("--data", type=Path, help="drawn pictures to teach the judge with")
    parser.add_argument("--clip", type=Path, help="a trained CLIP to ask as well")
    parser.add_argument("--prompts", type=int, default=COUNT)
    parser.add_argument("--few-step", action="store_true", help="with its few-step companion")
    parser.add_argument("--steps", type=int, help="instead of the model's own")
    parser.add_argument("--size", type=int, help="side in pixels, instead of the model's own")
    parser.add_argument("--guidance-scale", type=float, help="instead of the model's own")
    parser.add_argument("--sheet", type=Path, help="write the first 64 pictures on one sheet")
    chosen = parser.parse_args()
    keep_freed_memory()
    chosen.cache.mkdir(parents=True, exist_ok=True)
    judge = trained_judge(chosen.cache, data=chosen.data)
    highest = ceiling(judge, chosen.cache)
    cases = held_out_cases(COUNT)[: chosen.prompts]
    with finished_model(chosen.model) as model:
        defaults_of = Defaults.of_few_step if chosen.few_step else Defaults.of
        defaults = defaults_of(
            model,
            num_inference_steps=chosen.steps,
            guidance_scale=chosen.guidance_scale,
            width=chosen.size,
            height=chosen.size,
        )
        painter = Painter(model, defaults, few_step=chosen.few_step)
    pictures = painter.paint(
        [case.prompt for case in cases], [case.seed for case in cases], show=True
    )
    if chosen.sheet:
        picture_grid(pictures[:64], columns=8).save(chosen.sheet)
    found = judged(judge, cases, pictures)
    print(f"\nthe judge, on {len(cases)} held-out prompts ({defaults})")
    print_table(summed(found), highest, bars=BARS)
    for name in ("subject", "colour", "style"):
        print_by_class(cases, found, name)
    if chosen.clip:
        ranking = ClipRanking(chosen.clip)
        print("\nby CLIP's ranking of prompts that differ in one word")
        asked = ranking.table(cases, pictures)
        print_table(asked, ranking.table(cases, drawings(cases)), bars={})


if __name__ == "__main__":
    main()
