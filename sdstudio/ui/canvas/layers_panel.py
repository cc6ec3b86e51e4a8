"""The panel of layers: what lies over what, how strongly, and what tools may change."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sdstudio.ui.background import Background
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.layer_commands import LayerCommands
from sdstudio.ui.canvas.layer_delegate import ROW_PX, LayerDelegate
from sdstudio.ui.canvas.layer_list import LAYER_ROLE, LayerList
from sdstudio.ui.canvas.layer_thumbnails import LayerThumbnails
from sdstudio.ui.widgets.buttons import icon_button, with_shortcut
from sdstudio.ui.widgets.number_field import NumberField, NumberRange

OPACITY = NumberRange(
    low=0.0, high=1.0, default=1.0, step=0.05, fine_step=0.01, scale=100, unit="%"
)


class LayerView(QListView):
    """The list; Enter renames."""

    def __init__(self, layers: LayerList, delegate: LayerDelegate) -> None:
        super().__init__()
        self.setModel(layers)
        self.setItemDelegate(delegate)
        self.setAccessibleName(self.tr("Layers"))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setMinimumHeight(ROW_PX * 2)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and not event.modifiers():
            if self.currentIndex().isValid() and self.state() != self.State.EditingState:
                self.edit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class LayersPanel(QWidget):
    """Opacity, the list of layers, and buttons for the verbs used most.

    Args:
        background: draws the thumbnails.
    """

    def __init__(self, easel: Easel, commands: LayerCommands, background: Background) -> None:
        super().__init__()
        self._easel = easel
        self._commands = commands
        self.thumbnails = LayerThumbnails(easel, background)
        self.layers = LayerList(easel, self.thumbnails)
        self._delegate = LayerDelegate(self)
        self.view = LayerView(self.layers, self._delegate)
        self.opacity = NumberField(
            self.tr("Opacity"), OPACITY, tooltip=self.tr("How much of the layer is seen")
        )
        self._lay_out()
        self._connect()
        self._follow()

    def rename(self) -> None:
        """Let the name of the active layer be typed."""
        self.view.setFocus()
        self.view.edit(self.view.currentIndex())

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        for name in ("add-layer", "add-mask", "duplicate", "raise", "lower", "merge-down"):
            buttons.addWidget(_button(self._commands.actions[name]))
        buttons.addStretch(1)
        buttons.addWidget(_button(self._commands.actions["delete"]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.opacity)
        layout.addWidget(self.view, 1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.opacity.value_wanted.connect(self._set_opacity)
        self.opacity.slider.sliderReleased.connect(self._seal)
        self._delegate.eye_clicked.connect(self._on_eye)
        self._delegate.lock_clicked.connect(self._commands.toggle_locked)
        self._commands.rename_wanted.connect(self.rename)
        self.view.selectionModel().currentChanged.connect(self._activate)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self._easel.touched.connect(self._follow)

    def _follow(self) -> None:
        """Show the active layer, and how strong it is."""
        active = self._easel.document.layers.active
        self.opacity.setEnabled(active is not None)
        self.opacity.show_value(active.opacity if active else 1.0)
        row = self.layers.row_of(active.id) if active else -1
        if self.view.currentIndex().row() != row:
            self.view.setCurrentIndex(self.layers.index(row))

    def _activate(self, index: QModelIndex) -> None:
        layer = self.layers.layer_at(index.row())
        if layer is not None and layer.id != self._easel.document.state.active_id:
            self._easel.activate(layer)

    def _set_opacity(self, opacity: float) -> None:
        document = self._easel.document
        self._easel.do(lambda: document.layers.set_opacity(document.state.active_id, opacity))

    def _seal(self) -> None:
        self._easel.document.undo_stack.seal()

    def _on_eye(self, layer: object, is_alone: bool) -> None:
        if is_alone:
            self._commands.show_alone(layer)  # pyright: ignore[reportArgumentType]
        else:
            self._commands.toggle_visible(layer)  # pyright: ignore[reportArgumentType]

    def _show_menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if index.isValid():
            self._easel.activate(index.data(LAYER_ROLE))
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._commands.fill(menu, LayerCommands.MENU)
        menu.popup(self.view.viewport().mapToGlobal(place))


def _button(action: QAction) -> QToolButton:
    """A square button that shows an action's icon and shares its state."""
    tip = with_shortcut(action.text(), action.shortcut())
    button = icon_button(action.data(), action.text(), tooltip=tip)
    button.clicked.connect(action.trigger)

    def take_state() -> None:
        button.setEnabled(action.isEnabled())

    action.changed.connect(take_state)
    take_state()
    return button
