"""What every tool can do; a tool overrides what it answers to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QPainter

if TYPE_CHECKING:
    from sdstudio.ui.canvas.paint_view import PaintView
    from sdstudio.ui.canvas.pen import PointerPoint


class Tool:
    """A tool of one view.

    Attributes:
        name: what code calls it.
        key: the letter that takes it.
        label, tip: what a person reads; translated by `words`.
        cursor: the pointer's shape over the view.
        can_be_nudged: the arrow keys move what it holds.
    """

    name: ClassVar[str]
    key: ClassVar[str] = ""
    label: ClassVar[str]
    tip: ClassVar[str] = ""
    icon_name: ClassVar[str]
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    can_be_nudged: ClassVar[bool] = False

    def __init__(self, view: PaintView) -> None:
        self.view = view

    @property
    def is_at_work(self) -> bool:
        """Whether a drag is under way."""
        return False

    def press(self, point: PointerPoint) -> None:
        """The pointer goes down."""

    def drag(self, points: Sequence[PointerPoint]) -> None:
        """The pointer moved, oldest point first."""

    def release(self, point: PointerPoint) -> None:
        """The pointer goes up."""

    def cancel(self) -> None:
        """Take back what the drag did so far."""

    def hover(self, point: PointerPoint | None) -> None:
        """The pointer moves above the view, or left it."""

    def nudge(self, dx: int, dy: int) -> None:
        """An arrow key moves what the tool is for, by pixels of the document."""

    def paint(self, painter: QPainter) -> None:
        """Draw what belongs to the tool, in the view's logical pixels."""


def words(text: str) -> str:
    """A tool's label in the user's language."""
    return QCoreApplication.translate("Tools", text)
