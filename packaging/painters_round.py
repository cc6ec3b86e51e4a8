"""Pictures of a painter at work with the built-in model, to a crash and back.

python packaging/painters_round.py FOLDER [--steps 20] [--seed 1]      needs Xvfb and xdotool

A real window on a screen of its own: a picture is made and opened in Paint, a mask drawn and
filled, candidates looked at, one accepted, taken back and again, the picture expanded, saved; the
program is killed and recovers what was not saved. FOLDER gets a picture of every step.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Paint the round and say what became of it."""
    parser = argparse.ArgumentParser(description="Photograph a painter at work.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=20, help="of every run")
    parser.add_argument("--seed", type=int, default=1, help="of every run")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from PIL import Image

    from tests.support.painters_round import paint_a_round
    from tests.support.real_window import virtual_screen

    target: Path = arguments.folder
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        user = Path(work) / "user"
        (user / "config").mkdir(parents=True)
        form = {"num_inference_steps": arguments.steps, "seed": str(arguments.seed)}
        settings = {"form_values": {**form, "is_seed_random": False}}
        (user / "config" / "settings.json").write_text(json.dumps(settings))
        with virtual_screen(Path(work) / "screen") as screen:

            def shoot(name: str) -> None:
                Image.fromarray(screen.pixels().copy()).save(target / f"{name}.png")
                print(name, flush=True)

            document = paint_a_round(user, screen, Path(work), shoot, HF_HUB_OFFLINE="1")
    width, height = document.size
    print(f"{width} x {height}, {len(document.state.accepted)} results, nothing lost")


if __name__ == "__main__":
    main()
