"""Pictures of the window: every state in both themes, and the one in the README.

python packaging/screenshots.py FOLDER      all states, 1280 x 800, dark and light
python packaging/screenshots.py --readme    docs/studio.png, made with the built-in model
Set QT_SCALE_FACTOR=2 for a screen of 2560 x 1600.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from sdstudio.ui.studio import Studio
    from tests.support.window_states import WindowState

ROOT = Path(__file__).resolve().parent.parent
README_PICTURE = ROOT / "docs" / "studio.png"
FINISHED_FIRST = 4
"""Pictures in the gallery before the README's picture is taken."""


def prepare() -> None:
    """Let the packages be found, Qt paint without a screen, and nothing of the user appear."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    os.environ["HF_HUB_OFFLINE"] = "1"
    own = tempfile.mkdtemp(prefix="sdstudio-pictures-")
    for name in ("CONFIG", "DATA", "CACHE", "GALLERY"):
        os.environ[f"SDSTUDIO_{name}_DIR"] = os.path.join(own, name.lower())


def make_application() -> QApplication:
    """An application whose text cursor does not blink."""
    from sdstudio.ui.immortal_constants import make_constants_immortal

    make_constants_immortal()
    from PySide6.QtWidgets import QApplication

    app = QApplication([*sys.argv[:1], "-style", "Fusion"])
    app.setCursorFlashTime(0)
    return app


def take_state(
    app: QApplication, state: WindowState, theme: Literal["dark", "light"], target: Path
) -> None:
    """Bring a window into a state and save its picture."""
    from tests.support.open_studio import open_studio
    from tests.support.window_states import wait_until

    with tempfile.TemporaryDirectory() as folder:
        studio = open_studio(app, Path(folder), state.engine(), theme=theme)
        wait_until(lambda: studio.window.isVisible())
        state.enter(studio)
        wait_until(lambda: state.is_there(studio))
        studio.window.grab().save(str(target))
        studio.window.close()


def take_all(folder: Path) -> None:
    """Save every state in both themes."""
    from tests.support.window_states import STATES

    folder.mkdir(parents=True, exist_ok=True)
    app = make_application()
    for theme in ("dark", "light"):
        for state in STATES:
            target = folder / f"{theme}-{state.name}.png"
            take_state(app, state, theme, target)
            print(target)


def take_readme_picture() -> None:
    """Let the built-in model work until the fifth picture is nearly there, and save that moment."""
    from sdstudio.apps.gui import diffusion_engine
    from sdstudio.settings.store import SettingsStore
    from tests.support.open_studio import open_studio
    from tests.support.window_states import PROMPTS, wait_until

    app = make_application()
    with tempfile.TemporaryDirectory() as folder:
        engine = diffusion_engine(SettingsStore(Path(folder) / "engine.json"))
        studio = open_studio(app, Path(folder), engine, theme="dark")
        wait_until(lambda: studio.window.isVisible())
        for number, prompt in enumerate((*PROMPTS, *PROMPTS)):
            studio.form.prompt = prompt
            studio.form.use_seed(number)
            studio.actions["generate"].trigger()
        wait_until(lambda: _is_the_moment(studio))
        README_PICTURE.parent.mkdir(exist_ok=True)
        studio.window.grab().save(str(README_PICTURE))
        studio.controller.queue.clear()
        studio.window.close()
    print(README_PICTURE)


def _is_the_moment(studio: Studio) -> bool:
    fraction = studio.rooms.queue.card.bar.fraction or 0.0
    return studio.rooms.gallery.pictures.rowCount() >= FINISHED_FIRST and fraction >= 0.7


def main(arguments: list[str]) -> int:
    """Run as a command."""
    prepare()
    if arguments == ["--readme"]:
        take_readme_picture()
    elif len(arguments) == 1 and not arguments[0].startswith("-"):
        take_all(Path(arguments[0]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
