"""All tools of one view, and the one in hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sdstudio.ui.canvas.brush_settings import BrushSettings
from sdstudio.ui.canvas.tools.brush import BrushTool
from sdstudio.ui.canvas.tools.eraser import EraserTool
from sdstudio.ui.canvas.tools.fill import FillTool
from sdstudio.ui.canvas.tools.generation_box import GenerationBoxTool
from sdstudio.ui.canvas.tools.lasso import LassoTool
from sdstudio.ui.canvas.tools.move_layer import MoveTool
from sdstudio.ui.canvas.tools.pan import PanTool
from sdstudio.ui.canvas.tools.picker import PickerTool
from sdstudio.ui.canvas.tools.select_shape import EllipseTool, RectangleTool
from sdstudio.ui.canvas.tools.tool import Tool

if TYPE_CHECKING:
    from sdstudio.ui.canvas.paint_view import PaintView

KINDS: tuple[type[Tool], ...] = (
    BrushTool,
    EraserTool,
    FillTool,
    PickerTool,
    LassoTool,
    RectangleTool,
    EllipseTool,
    MoveTool,
    GenerationBoxTool,
    PanTool,
)


class Toolbox(QObject):
    """Takes tools in hand; one may be borrowed while its key is held.

    Signals:
        current_changed: the name of the tool in hand.
    """

    current_changed = Signal(str)

    def __init__(self, view: PaintView) -> None:
        super().__init__(view)
        self._view = view
        self._tools = {kind.name: kind(view) for kind in KINDS}
        self._current: Tool = self._tools["brush"]
        self._lent_for: Tool | None = None

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    @property
    def current(self) -> Tool:
        """The tool in hand."""
        return self._current

    @property
    def brush(self) -> BrushSettings:
        """The settings of the eraser while it is in hand, else of the brush."""
        tool = self._current if isinstance(self._current, BrushTool) else self._tools["brush"]
        assert isinstance(tool, BrushTool)
        return tool.settings

    @property
    def is_borrowed(self) -> bool:
        """Whether the tool in hand is given back when its key is let go."""
        return self._lent_for is not None

    def choose(self, name: str) -> None:
        """Take a tool and keep it.

        Raises:
            KeyError: there is none of this name.
        """
        self._lent_for = None
        self._take(self._tools[name])

    def borrow(self, name: str) -> None:
        """Take a tool until `give_back`."""
        if self._lent_for is None:
            self._lent_for = self._current
        self._take(self._tools[name])

    def give_back(self) -> None:
        """Take up again what was in hand before borrowing."""
        tool, self._lent_for = self._lent_for, None
        if tool is not None:
            self._take(tool)

    def keep(self) -> None:
        """Make the borrowed tool one's own."""
        self._lent_for = None

    def show_cursor(self) -> None:
        """Give the view the pointer of the tool in hand."""
        self._view.setCursor(self._current.cursor)

    def _take(self, tool: Tool) -> None:
        if tool is self._current:
            return
        self._view.pointer.cancel()
        self._current.hover(None)
        self._current = tool
        self.show_cursor()
        self._view.pointer.follow_tool()
        self._view.update()
        self.current_changed.emit(tool.name)
