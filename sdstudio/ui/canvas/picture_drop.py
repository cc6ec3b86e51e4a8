"""What is dropped or pasted onto the canvas: a picture to start from, or an answer in words."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from sdstudio.errors import PictureFileError
from sdstudio.messages.raster import Raster
from sdstudio.ui.canvas.found_settings import looks_like_settings
from sdstudio.ui.widgets.labels import label

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
MAX_LOOKED_AT = 50
"""Of more files than this, the rest is counted and not looked at."""

_PNG = "image/png"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOffer:
    """A picture that somebody handed over, not read yet.

    Attributes:
        path, data, image: exactly one is there: a file, PNG bytes, or a picture in memory.
        left_out: how many files came beside it.
    """

    path: Path | None = None
    data: bytes | None = None
    image: QImage | None = None
    left_out: int = 0

    @property
    def name(self) -> str:
        """What to call it."""
        return self.path.name if self.path is not None else "pasted picture"


def has_something(mime: QMimeData) -> bool:
    """Whether a drop would be taken, or at least answered."""
    return mime.hasUrls() or mime.hasImage() or mime.hasText()


def read_offer(mime: QMimeData) -> PictureOffer:
    """Find the picture in what was handed over; reads no disk.

    Raises:
        PictureFileError: there is none, with the reason in words.
    """
    urls = mime.urls() if mime.hasUrls() else []
    files = [Path(url.toLocalFile()) for url in urls[:MAX_LOOKED_AT] if url.isLocalFile()]
    if files:
        pictures = [path for path in files if path.suffix.lower() in PICTURE_ENDINGS]
        return PictureOffer(path=(pictures or files)[0], left_out=len(urls) - 1)
    if mime.hasFormat(_PNG):
        return PictureOffer(data=bytes(mime.data(_PNG).data()))
    if mime.hasImage():
        return PictureOffer(image=QImage(mime.imageData()))
    if urls:
        raise PictureFileError(
            "That is a web address, and the studio does not go online by itself.",
            "Copy the picture in the browser and press Ctrl+V here.",
        )
    if mime.hasText():
        raise PictureFileError("That is text, not a picture.", "Text goes into the prompt.")
    raise PictureFileError("There is no picture in that.", "PNG, JPEG and WebP can be used.")


def read_picture(offer: PictureOffer) -> Raster:
    """Read what was offered; works on the disk, so never on the UI thread.

    Raises:
        PictureFileError: a folder, a missing file, or not a picture.
    """
    from sdstudio.gallery.picture_import import import_picture

    if offer.image is not None:
        return to_raster(offer.image)
    if offer.path is not None:
        if offer.path.is_dir():
            raise PictureFileError(f"{offer.path.name} is a folder.", "Drop one picture out of it.")
        return import_picture(offer.path)
    with tempfile.TemporaryDirectory(prefix="sdstudio-") as folder:
        path = Path(folder) / "The pasted picture"
        path.write_bytes(offer.data or b"")
        return import_picture(path)


def to_raster(image: QImage) -> Raster:
    """A copy of a QImage as plain bytes.

    Raises:
        PictureFileError: the image is empty.
    """
    if image.isNull():
        raise PictureFileError("The pasted picture cannot be read.", "Save it and drop the file.")
    alpha = image.hasAlphaChannel()
    wanted = QImage.Format.Format_RGBA8888 if alpha else QImage.Format.Format_RGB888
    channels = 4 if alpha else 3
    plain = image.convertToFormat(wanted)
    width, height, stride = plain.width(), plain.height(), plain.bytesPerLine()
    view = memoryview(plain.constBits())
    rows = (view[y * stride : y * stride + width * channels] for y in range(height))
    mode = "RGBA" if alpha else "RGB"
    return Raster(width=width, height=height, mode=mode, pixels=b"".join(rows))


class DropFrame(QFrame):
    """A clear frame that says what a drop does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self.setProperty("role", "drop")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        words = label(self.tr("Drop to start from this picture"), "title")
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        QVBoxLayout(self).addWidget(words)
        self.hide()

    def cover(self) -> None:
        """Lie over the whole parent."""
        self.setGeometry(self._covered.rect().adjusted(12, 12, -12, -12))
        self.raise_()
        self.show()


class PictureDrop(QObject):
    """Lets pictures be dropped on a widget and everything that lies in it."""

    dropped = Signal(object)  # PictureOffer
    settings_dropped = Signal(str)  # how a picture was made, as text
    refused = Signal(object)  # PictureFileError

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self.frame = DropFrame(target)
        target.setAcceptDrops(True)
        target.installEventFilter(self)

    def take(self, mime: QMimeData) -> None:
        """Take what was dropped or pasted, and answer."""
        if mime.hasText() and not mime.hasUrls() and looks_like_settings(mime.text()):
            self.settings_dropped.emit(mime.text())
            return
        try:
            offer = read_offer(mime)
        except PictureFileError as error:
            self.refused.emit(error)
            return
        self.dropped.emit(offer)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            if has_something(event.mimeData()):
                self.frame.cover()
                event.acceptProposedAction()
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.frame.hide()
            return True
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self.frame.hide()
            event.acceptProposedAction()
            self.take(event.mimeData())
            return True
        return False
