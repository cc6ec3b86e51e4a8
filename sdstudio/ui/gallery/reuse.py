"""Takes from pictures of the gallery what a new one should begin with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from sdstudio.ui.background import Background
from sdstudio.ui.generation_form import RECALL_FIELDS, GenerationForm
from sdstudio.ui.icons import icon
from sdstudio.ui.notices import Notice
from sdstudio.ui.prompt.recall_card import GROUPS
from sdstudio.ui.recalled_settings import on_this_machine
from sdstudio.ui.widgets.labels import short_name
from sdstudio.ui.widgets.visible_text import one_line

if TYPE_CHECKING:
    from sdstudio.gallery.recall import Recalled

KEY = "recall"
MAX_TEXT_CHARS = 100_000
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
            self._take(recalled, fields, short_name(one_line(path.name)))

        self._background.run(read, done, self._tell_error)

    def take_text(self, text: str) -> None:
        """Take over what a text says, as A1111 and its kin write it."""
        from sdstudio.gallery.metadata.reader import metadata_of_infotext
        from sdstudio.gallery.recall import recalled_of

        metadata = metadata_of_infotext(text[:MAX_TEXT_CHARS])
        recalled = recalled_of(metadata) if metadata.is_known else None
        self._take(recalled, RECALL_FIELDS, self.tr("the text"))

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

    def _take(self, recalled: Recalled | None, fields: tuple[str, ...], name: str) -> None:
        if recalled is None:
            self._say(
                self.tr("{0} does not say how it was made.").format(name),
                self.tr("It can still be a starting picture."),
            )
            return
        here = on_this_machine(recalled, self._form.choices)
        known = [field for field in fields if field in here.fields]
        wanted = {"sampler", "schedule", "model"} & set(fields)
        left_out = here.left_out if wanted else ()
        self._form.load(here.request, known)
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

    def _say(self, text: str, hint: str = "") -> None:
        self._tell(Notice(text=text, hint=hint, key=KEY))
