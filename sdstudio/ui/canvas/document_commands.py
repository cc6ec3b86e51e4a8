"""What the File menu does while a picture is painted: new, open, save, export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from sdstudio.document.document_file import SUFFIX
from sdstudio.settings.settings import with_recent_document
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.canvas.document_files import NEW_SIDE_PX, DocumentFiles
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.icons import icon
from sdstudio.ui.notices import Notice
from sdstudio.ui.widgets.labels import short_name

if TYPE_CHECKING:
    from sdstudio.document.export import ExportOptions

EXPORTS = {
    "PNG": (".png",),
    "WebP": (".webp",),
    "JPEG": (".jpg", ".jpeg"),
    "OpenRaster (Krita, GIMP)": (".ora",),
}
READABLE = f"*{SUFFIX} *.ora *.png *.jpg *.jpeg *.webp"


class DocumentCommands(QObject):
    """Asks for names and sizes, and before anything is lost.

    Args:
        store: remembers which documents were open lately.
        tell: shows a notice.

    Attributes:
        actions: by name, in the order of the menu.
    """

    def __init__(
        self,
        files: DocumentFiles,
        easel: Easel,
        *,
        window: QWidget,
        store: SettingsStore,
        tell: Callable[[Notice], None],
    ) -> None:
        super().__init__(files)
        self._files = files
        self._easel = easel
        self._window = window
        self._store = store
        self._tell = tell
        self.actions: dict[str, QAction] = {}
        self._add("new", self.tr("New Picture…"), "Ctrl+N", "add-picture", self.ask_new)
        self._add("open", self.tr("Open…"), "Ctrl+O", "folder", self.ask_open)
        self._add("recent", self.tr("Open Recent"), "", "", lambda: None)
        self._add("save", self.tr("Save"), "Ctrl+S", "save", self.save)
        self._add("save-as", self.tr("Save As…"), "Ctrl+Shift+S", "", self.ask_save)
        self._add("export", self.tr("Export…"), "Ctrl+Shift+E", "", self.ask_export)
        self._recent = QMenu(window)
        self.actions["recent"].setMenu(self._recent)
        self._recent.aboutToShow.connect(self._fill_recent)
        files.opened.connect(self._remember)
        files.saved.connect(self._on_saved)
        files.exported.connect(self._on_exported)
        self._show_recent()

    def ask_new(self) -> None:
        """Ask for the size of a new picture."""
        if not self.may_leave(self.ask_new):
            return
        from sdstudio.ui.canvas.new_picture_dialog import NewPictureDialog

        width, height = self._easel.document.size
        is_first = self._files.path is None and not self._easel.document.is_modified
        size = (NEW_SIDE_PX, NEW_SIDE_PX) if is_first else (width, height)
        dialog = NewPictureDialog(*size, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.wanted.connect(self._files.new)
        dialog.finished.connect(self._window.window().activateWindow)
        dialog.open()

    def ask_open(self) -> None:
        """Ask for a picture to open."""
        kinds = self.tr("Pictures") + f" ({READABLE})"
        folder = str(self._folder())
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open"), folder, kinds)
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Open a picture, unless the one on the easel should be kept."""
        if self.may_leave(partial(self._files.open, path)):
            self._files.open(path)

    def save(self, done: Callable[[], object] | None = None) -> bool:
        """Save where the document lies, or ask where; False if the person does not want to."""
        path = self._files.path
        if path is None:
            return self.ask_save(done)
        self._files.save(path, done)
        return True

    def ask_save(self, done: Callable[[], object] | None = None) -> bool:
        """Ask for a name and save; False if none was given."""
        suggested = self._files.path or self._folder() / f"{self._files.name}{SUFFIX}"
        kinds = self.tr("Painted picture") + f" (*{SUFFIX})"
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save"), str(suggested), kinds)
        if not name:
            return False
        self._files.save(_with_ending(Path(name), (SUFFIX,)), done)
        return True

    def ask_export(self) -> None:
        """Ask for a name and a format, and write the picture as one flat file or as OpenRaster."""
        kinds = {
            f"{name} ({' '.join(f'*{ending}' for ending in endings)})": endings
            for name, endings in EXPORTS.items()
        }
        suggested = str(self._folder() / f"{self._files.name}.png")
        name, kind = QFileDialog.getSaveFileName(
            self._window, self.tr("Export"), suggested, ";;".join(kinds)
        )
        if name:
            every = tuple(ending for endings in EXPORTS.values() for ending in endings)
            first = kinds.get(kind, (".png",))[0]
            path = Path(name)
            self._ask_how_much_is_lost(
                path if path.suffix.lower() in every else _with_ending(path, (first,))
            )

    def may_leave(self, then: Callable[[], object] | None = None) -> bool:
        """Whether the document may be closed now: it is saved, or the person does not mind.

        Args:
            then: done once the document is saved, if the person wants that first.
        """
        if not self._files.is_modified:
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.warning(
            self._window,
            self.tr("Unsaved Picture"),
            self.tr("“{0}” has changes that are not saved.").format(short_name(self._files.name)),
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        if answer == buttons.Save:
            self.save(then)
        return answer == buttons.Discard

    # --- inside ---------------------------------------------------------------------------

    def _ask_how_much_is_lost(self, path: Path) -> None:
        """Export, after asking for the quality where the format has one."""
        from sdstudio.document.export import SUFFIXES
        from sdstudio.ui.canvas.export_dialog import ExportDialog, remembered_options

        picture_format = SUFFIXES.get(path.suffix.lower())
        if picture_format is None or picture_format == "PNG":
            self._files.export(path)
            return
        dialog = ExportDialog(
            path.name,
            picture_format,
            remembered_options(self._store.settings.panel_state),
            partial(self._files.measure_export, picture_format),
            self._window,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.wanted.connect(partial(self._export_as_wanted, path))
        dialog.finished.connect(self._window.window().activateWindow)
        dialog.open()

    def _folder(self) -> Path:
        """Where the document lies, or the last one lay, or pictures usually do."""
        if self._files.path is not None:
            return self._files.path.parent
        recent = self._store.settings.recent_documents
        if recent:
            return Path(recent[0]).parent
        pictures = QStandardPaths.StandardLocation.PicturesLocation
        return Path(QStandardPaths.writableLocation(pictures))

    def _add(
        self, name: str, text: str, keys: str, icon_name: str, act: Callable[[], object]
    ) -> None:
        action = QAction(text, self)
        action.setObjectName(f"document-{name}")
        action.setShortcut(QKeySequence(keys))
        if icon_name:
            action.setIcon(icon(icon_name))
        action.triggered.connect(lambda: act())
        self.actions[name] = action

    def _remember(self, path: Path) -> None:
        recent = with_recent_document(self._store.settings.recent_documents, str(path))
        self._store.update(recent_documents=recent)
        self._files.remember(self._store.save)
        self._show_recent()

    def _export_as_wanted(self, path: Path, options: ExportOptions) -> None:
        from sdstudio.ui.canvas.export_dialog import remember_options

        self._store.update(panel_state=remember_options(self._store.settings.panel_state, options))
        self._files.export(path, options)

    def _show_recent(self) -> None:
        self.actions["recent"].setEnabled(bool(self._store.settings.recent_documents))

    def _fill_recent(self) -> None:
        self._recent.clear()
        for name in self._store.settings.recent_documents:
            path = Path(name)
            action = self._recent.addAction(short_name(path.name), partial(self.open, path))
            action.setToolTip(name)

    def _on_saved(self, path: Path) -> None:
        self._remember(path)
        self._tell_done(self.tr("Saved {0}."), path)

    def _on_exported(self, path: Path) -> None:
        self._tell_done(self.tr("Exported {0}."), path)

    def _tell_done(self, text: str, path: Path) -> None:
        words = text.format(short_name(path.name))
        self._tell(Notice(text=words, severity="success", key="document"))


def _with_ending(path: Path, endings: tuple[str, ...]) -> Path:
    """The path with one of these endings, the first where it has none of them."""
    has_one = path.suffix.lower() in endings
    return path if has_one else path.with_name(path.name + endings[0])
