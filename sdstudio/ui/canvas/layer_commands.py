"""What a painter does to whole layers and to the selection, as actions for menus, keys, buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.state import Layer
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.icons import icon


class LayerCommands(QObject):
    """The verbs of layers and selection, each an action that is greyed where it cannot work.

    Attributes:
        actions: by name.
    """

    rename_wanted = Signal()

    MENU = (
        "add-layer",
        "add-mask",
        "duplicate",
        "rename",
        "-",
        "raise",
        "lower",
        "-",
        "merge-down",
        "flatten",
        "-",
        "toggle-visible",
        "toggle-locked",
        "toggle-alpha",
        "-",
        "clear",
        "invert-mask",
        "delete",
    )
    SELECTION_MENU = ("select-all", "deselect", "invert-selection")

    def __init__(self, easel: Easel) -> None:
        super().__init__(easel)
        self._easel = easel
        self.actions: dict[str, QAction] = {}
        self._add_layer_actions()
        self._add_more_actions()
        easel.touched.connect(self._show_state)
        self._show_state()

    def fill(self, menu: QMenu, names: tuple[str, ...]) -> None:
        """Put the actions of these names into a menu; "-" is a line."""
        for name in names:
            if name == "-":
                menu.addSeparator()
            else:
                menu.addAction(self.actions[name])

    def show_alone(self, layer: Layer) -> None:
        """Hide all other painted layers, or show them again if they are hidden."""
        document = self._easel.document
        others = [each for each in document.layers if each.kind == "raster" and each != layer]
        is_visible = not any(each.is_visible for each in others)
        for other in others:
            if other.is_visible != is_visible:
                self._easel.do(partial(document.layers.set_visible, other.id, is_visible))

    def toggle_visible(self, layer: Layer) -> None:
        """Hide or show a layer."""
        layers = self._easel.document.layers
        self._easel.do(lambda: layers.set_visible(layer.id, not layer.is_visible))

    def toggle_locked(self, layer: Layer) -> None:
        """Lock or unlock a layer."""
        layers = self._easel.document.layers
        self._easel.do(lambda: layers.set_locked(layer.id, not layer.is_locked))

    def _add_layer_actions(self) -> None:
        self._add("add-layer", self.tr("New Layer"), "Ctrl+Shift+N", "plus", self._add_layer)
        self._add("add-mask", self.tr("New Mask"), "Ctrl+Shift+M", "mask", self._add_mask)
        self._add("duplicate", self.tr("Duplicate Layer"), "Ctrl+J", "copy", self._duplicate)
        self._add("rename", self.tr("Rename Layer"), "", "", lambda _: self.rename_wanted.emit())
        self._add("raise", self.tr("Raise Layer"), "Ctrl+]", "chevron-up", partial(self._shift, 1))
        self._add(
            "lower", self.tr("Lower Layer"), "Ctrl+[", "chevron-down", partial(self._shift, -1)
        )
        self._add("merge-down", self.tr("Merge Down"), "Ctrl+E", "merge-down", self._merge_down)
        self._add("flatten", self.tr("Flatten Picture"), "", "layers", self._flatten)
        self._add("delete", self.tr("Delete Layer"), "", "trash", self._delete)

    def _add_more_actions(self) -> None:
        visible, locked = self.tr("Layer Visible"), self.tr("Layer Locked")
        self._add("toggle-visible", visible, "", "", self._toggle_visible, is_checkable=True)
        self._add("toggle-locked", locked, "", "", self._toggle_locked, is_checkable=True)
        alpha = self.tr("Lock Transparency")
        self._add("toggle-alpha", alpha, "", "", self._toggle_alpha, is_checkable=True)
        self._add("clear", self.tr("Clear Layer"), "", "", self._clear)
        self._add("invert-mask", self.tr("Invert Mask"), "Shift+V", "", self._invert_mask)
        self._add("select-all", self.tr("Select All"), "Ctrl+A", "", self._select_all)
        self._add("deselect", self.tr("Deselect"), "Ctrl+D", "", self._deselect)
        invert = self.tr("Invert Selection")
        self._add("invert-selection", invert, "Ctrl+I", "", self._invert_selection)

    def _add(
        self,
        name: str,
        text: str,
        keys: str,
        icon_name: str,
        verb: Callable[[Document], object],
        *,
        is_checkable: bool = False,
    ) -> None:
        action = QAction(text, self)
        action.setObjectName(f"layer-{name}")
        action.setShortcut(QKeySequence(keys))
        action.setCheckable(is_checkable)
        if icon_name:
            action.setIcon(icon(icon_name))
            action.setData(icon_name)
        action.triggered.connect(lambda: self._easel.do(lambda: verb(self._easel.document)))
        self.actions[name] = action

    # --- verbs ----------------------------------------------------------------------------

    def _add_layer(self, document: Document) -> object:
        return document.layers.add()

    def _add_mask(self, document: Document) -> object:
        return document.layers.add(kind="mask")

    def _duplicate(self, document: Document) -> object:
        return document.layers.duplicate(_active(document).id)

    def _shift(self, by: int, document: Document) -> object:
        active = _active(document)
        return document.layers.move_to(active.id, document.state.index(active.id) + by)

    def _merge_down(self, document: Document) -> object:
        return document.layers.merge_down(_active(document).id)

    def _flatten(self, document: Document) -> object:
        return document.layers.flatten()

    def _delete(self, document: Document) -> object:
        return document.layers.delete(_active(document).id)

    def _toggle_visible(self, document: Document) -> object:
        active = _active(document)
        return document.layers.set_visible(active.id, not active.is_visible)

    def _toggle_locked(self, document: Document) -> object:
        active = _active(document)
        return document.layers.set_locked(active.id, not active.is_locked)

    def _toggle_alpha(self, document: Document) -> object:
        active = _active(document)
        return document.layers.set_keeps_alpha(active.id, not active.keeps_alpha)

    def _clear(self, document: Document) -> object:
        return document.paint.fill_selection(Ink(erases=True))

    def _invert_mask(self, document: Document) -> object:
        return document.paint.invert_mask(_mask_to_invert(document))

    def _select_all(self, document: Document) -> object:
        return document.selection.rectangle(0, 0, *document.size)

    def _deselect(self, document: Document) -> object:
        return document.selection.clear()

    def _invert_selection(self, document: Document) -> object:
        return document.selection.invert()

    # --- state ----------------------------------------------------------------------------

    def _show_state(self) -> None:
        document = self._easel.document
        active, layers = document.layers.active, document.state.layers
        index = layers.index(active) if active else -1
        is_free = active is not None and not active.is_locked
        below = layers[index - 1] if index > 0 else None
        enabled = {
            "duplicate": active is not None,
            "rename": active is not None,
            "raise": 0 <= index < len(layers) - 1,
            "lower": index > 0,
            "merge-down": is_free and below is not None and below.kind == layers[index].kind,
            "flatten": sum(each.kind == "raster" for each in layers) > 1,
            "delete": is_free,
            "toggle-visible": active is not None,
            "toggle-locked": active is not None,
            "toggle-alpha": active is not None and active.kind == "raster",
            "clear": is_free,
            "invert-mask": any(each.kind == "mask" for each in layers),
            "deselect": document.selection.is_active,
        }
        for name, is_enabled in enabled.items():
            self.actions[name].setEnabled(is_enabled)
        self.actions["toggle-visible"].setChecked(active is not None and active.is_visible)
        self.actions["toggle-locked"].setChecked(active is not None and active.is_locked)
        self.actions["toggle-alpha"].setChecked(active is not None and active.keeps_alpha)


def _active(document: Document) -> Layer:
    return document.layers.get(document.state.active_id)


def _mask_to_invert(document: Document) -> int:
    """The active layer, or the topmost mask where a painted layer is active."""
    active = _active(document)
    masks = [each for each in document.layers if each.kind == "mask"]
    return active.id if active.kind == "mask" or not masks else masks[-1].id
