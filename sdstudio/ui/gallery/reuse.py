"""Takes from pictures of the gallery what a new one should begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from sdstudio.ui.background import Background
from sdstudio.ui.generation_form import RECALL_FIELDS, GenerationForm
from sdstudio.ui.icons import icon
from sdstudio.ui.notices import Notice
from sdstudio.ui.prompt.recall_card import GROUPS
from sdstudio.ui.widgets.labels import short_name
from sdstudio.ui.widgets.visible_text import one_line

if TYPE_CHECKING:
    from sdstudio.gallery.recall import Recalled

KEY = "recall"
REMIX_FIELDS = tuple(name for name in RECALL_FIELDS if name != "seed")


class Reuse(QObject):
    """Fills the prompt panel from a picture, field by field, whoever made the picture.

    Args:
        tell, tell_error: show a notice, or what went wrong.
    """

    def __init__(
        self,
        form: GenerationForm,
        background: Background,
        *,
        tell: Callable[[Notice], None],
        tell_error: Callable[[Exception], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._form = form
        self._background = background
        self._tell = tell
        self._tell_error = tell_error

    def take(self, path: Path, fields: tuple[str, ...]) -> None:
        """Take over those of these fields that the picture says."""

        def read() -> Recalled | None:
            from sdstudio.gallery.recall import recall

            return recall(path)

        def done(recalled: Recalled | None) -> None:
            self._take(recalled, fields, path)

        self._background.run(read, done, self._tell_error)

    def take_all(self, path: Path) -> None:
        """Take over everything, so that the same picture would come of it."""
        self.take(path, RECALL_FIELDS)

    def remix(self, path: Path) -> None:
        """Take over all but the seed; each run draws a new one."""
        self._form.choose_random(True)
        self.take(path, REMIX_FIELDS)

    def menu(self, parent: QWidget, path: Path) -> QMenu:
        """The fields, each of which can be taken over alone."""
        menu = QMenu(self.tr("Use Its Settings"), parent)
        menu.setIcon(icon("reuse"))
        menu.addAction(self.tr("All of Them"), lambda: self.take_all(path))
        menu.addAction(self.tr("All but the Seed (Remix)"), lambda: self.remix(path))
        menu.addSeparator()
        for group, names in GROUPS.items():
            menu.addAction(self.tr(group), lambda names=names: self.take(path, names))
        return menu

    # -- inside ----------------------------------------------------------------------------------

    def _take(self, recalled: Recalled | None, fields: tuple[str, ...], path: Path) -> None:
        name = short_name(one_line(path.name))
        if recalled is None:
            self._say(
                self.tr("{0} does not say how it was made.").format(name),
                self.tr("It can still be a starting picture."),
            )
            return
        known = [field for field in fields if field in recalled.fields]
        left_out = list(recalled.left_out) if {"sampler", "schedule"} & set(fields) else []
        request = recalled.request
        if "model" in known and not recalled.is_own:
            model = self._model_called(request.model)
            if model is None:
                known.remove("model")
                left_out.append(request.model)
            else:
                request = replace(request, model=model)
        self._form.load(request, known)
        self._report(name, known, [one_line(each, limit=60) for each in left_out])

    def _report(self, name: str, known: list[str], left_out: list[str]) -> None:
        if not known and not left_out:
            self._say(self.tr("{0} says nothing about that.").format(name))
        elif left_out:
            text = self.tr("The settings of {0} are in the panel, but not all.").format(name)
            hint = self.tr("Not known here: {0}.").format(", ".join(left_out))
            self._say(text, hint)
        else:
            self._say(self.tr("The settings of {0} are in the panel.").format(name))

    def _model_called(self, name: str) -> str | None:
        """A model on this machine that goes by the name another program gives it."""
        wanted = Path(name.replace("\\", "/")).name.casefold()
        stem = wanted.removesuffix(".safetensors").removesuffix(".ckpt")
        for model in self._form.choices.models:
            names = {model.name, model.label, Path(model.name).name, Path(model.name).stem}
            if {each.casefold() for each in names} & {wanted, stem}:
                return model.name
        return None

    def _say(self, text: str, hint: str = "") -> None:
        self._tell(Notice(text=text, hint=hint, key=KEY))
