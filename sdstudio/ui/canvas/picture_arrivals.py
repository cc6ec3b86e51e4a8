"""Pictures and settings that are dropped or pasted into the Paint room."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication

from sdstudio.document.document_file import SUFFIX
from sdstudio.document.openraster import SUFFIX as ORA_SUFFIX
from sdstudio.document.rect import Rect
from sdstudio.errors import PictureFileError, SdstudioError
from sdstudio.messages.raster import Raster
from sdstudio.ui.background import Background
from sdstudio.ui.canvas import web_picture
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.found_settings import looks_like_settings
from sdstudio.ui.canvas.picture_drop import PictureOffer, read_offer, read_picture
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.notices import Notice, NoticeAction
from sdstudio.ui.widgets.labels import short_name

if TYPE_CHECKING:
    from sdstudio.ui.gallery.reuse import Reuse

Zone = Literal["layer", "start", "mask", "settings"]
Picture = Path | Raster


class PictureArrivals(QObject):
    """Takes what is handed over to one of the zones; files are read in the background.

    Args:
        open_document: opens a document that was dropped.

    Signals:
        told: Notice.
        refused: an error of what was handed over.
        start_wanted: Raster, str: a picture to start from, and its name.
    """

    told = Signal(object)
    refused = Signal(object)
    start_wanted = Signal(object, str)

    def __init__(
        self,
        easel: Easel,
        form: GenerationForm,
        open_document: Callable[[Path], object],
    ) -> None:
        super().__init__(easel)
        self._easel = easel
        self._form = form
        self._background = Background(self)
        self._is_closing = False
        self._open_document = open_document

    def close(self) -> None:
        """Stop a download and wait for what is being read."""
        self._is_closing = True
        self._background.finish()

    def paste(self) -> None:
        """Take what lies on the clipboard: a picture becomes a layer."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime is not None:
            self.take("layer", mime)

    def take(self, zone: Zone, mime: QMimeData) -> None:
        """Take what was handed over to a zone, and answer."""
        text = mime.text() if mime.hasText() and not mime.hasUrls() else ""
        if looks_like_settings(text):
            self._reuse().take_text(text)
            return
        try:
            offer = read_offer(mime)
        except PictureFileError as error:
            self._take_address(zone, web_picture.picture_address(mime), error)
            return
        path = offer.path
        if path is not None and path.suffix.lower() in (SUFFIX, ORA_SUFFIX):
            self._open_document(path)
        else:
            self.take_offer(zone, offer)

    def take_offer(self, zone: Zone, offer: PictureOffer) -> None:
        """Read a picture and do with it what the zone says."""
        if zone == "settings":
            self._take_settings(offer)
            return
        bounds = self._easel.document.bounds
        uses = {"layer": self._add_layer, "mask": self._add_mask, "start": self._start_from}

        def read() -> tuple[Raster, Raster]:
            picture = read_picture(offer)
            return picture, _prepared(zone, picture, bounds)

        def done(pictures: tuple[Raster, Raster]) -> None:
            uses[zone](pictures[1], offer.name)
            if zone == "layer" and offer.path is not None:
                self._easel.descend_from(offer.path.name)
            self._tell_left_out(offer, *pictures)

        self._background.run(read, done, self._refuse)

    def add_layer(self, picture: Picture, name: str) -> None:
        """Lay a picture over the others, as large as fits."""
        if isinstance(picture, Path):
            self.take_offer("layer", PictureOffer(path=picture))
            return
        bounds = self._easel.document.bounds
        self._background.run(
            lambda: _prepared("layer", picture, bounds),
            lambda fitted: self._add_layer(fitted, name),
            self._refuse,
        )

    # --- what becomes of a picture --------------------------------------------------------

    def _add_layer(self, picture: Raster, name: str) -> None:
        if picture.mode == "L":
            picture = _as_colour(picture)
        self._add(picture, name)

    def _add_mask(self, picture: Raster, name: str) -> None:
        self._add(picture, name)

    def _add(self, picture: Raster, name: str) -> None:
        document = self._easel.document
        x = (document.size[0] - picture.width) // 2
        y = (document.size[1] - picture.height) // 2
        title = Path(name).stem
        self._easel.do(lambda: document.layers.add_picture(picture, x=x, y=y, name=title))

    def _start_from(self, picture: Raster, name: str) -> None:
        self.start_wanted.emit(picture, name)
        text = self.tr("{0} is the starting picture.").format(short_name(name))
        self.told.emit(Notice(text=text, key="arrival"))

    # --- settings -------------------------------------------------------------------------

    def _reuse(self) -> Reuse:
        from sdstudio.ui.gallery.reuse import Reuse

        return Reuse(
            self._form,
            self._background,
            tell=self.told.emit,
            tell_error=self._refuse,
            parent=self,
        )

    def _take_settings(self, offer: PictureOffer) -> None:
        if offer.path is None:
            self._say_no_settings(offer.name)
        else:
            self._reuse().take_all(offer.path)

    def _say_no_settings(self, name: str) -> None:
        text = self.tr("{0} does not say how it was made.").format(short_name(name))
        hint = self.tr("Drop the file itself: a copied picture has lost its settings.")
        self.told.emit(Notice(text=text, hint=hint, key="arrival"))

    # --- the web --------------------------------------------------------------------------

    def _take_address(self, zone: Zone, address: str, error: SdstudioError) -> None:
        if not address:
            self.refused.emit(error)
            return
        if address.lower().startswith("data:"):
            self._take_bytes(zone, partial(web_picture.read_data_address, address))
            return
        get = partial(self._take_bytes, zone, partial(self._download, address))
        host = web_picture.host_of(address)
        self.told.emit(
            Notice(
                text=self.tr("That picture lies in the web, at {0}.").format(host),
                hint=self.tr("The studio goes online only where you say so."),
                actions=(NoticeAction(text=self.tr("Download it"), act=get),),
                key="arrival",
            )
        )

    def _download(self, address: str) -> bytes:
        return web_picture.download(address, lambda: self._is_closing)

    def _take_bytes(self, zone: Zone, read: Callable[[], bytes]) -> None:
        def done(data: bytes) -> None:
            self.take_offer(zone, PictureOffer(data=data))

        self._background.run(read, done, self._refuse)

    def _tell_left_out(self, offer: PictureOffer, original: Raster, taken: Raster) -> None:
        hints = []
        if taken.size != original.size:
            words = self.tr("It was scaled from {0} x {1} to {2} x {3} pixels.")
            hints.append(words.format(*original.size, *taken.size))
        if offer.left_out:
            words = self.tr("One picture can be dropped; {0} other files were left out.")
            hints.append(words.format(f"{offer.left_out:,}"))
        if hints:
            text = self.tr("{0} is here.").format(short_name(offer.name))
            self.told.emit(Notice(text=text, hint=" ".join(hints), key="arrival"))

    def _refuse(self, error: Exception) -> None:
        self.refused.emit(error)


def _prepared(zone: Zone, picture: Raster, bounds: Rect) -> Raster:
    """A picture as its zone needs it; runs in the background."""
    if zone == "start":
        return picture
    if zone == "mask":
        return as_mask(picture, bounds)
    scale = min(bounds.width / picture.width, bounds.height / picture.height)
    if scale >= 1:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return _resized(picture, size)


def as_mask(picture: Raster, bounds: Rect) -> Raster:
    """A picture's brightness as a mask over the whole document; clear parts are kept."""
    pixels = _pixels(picture)
    if picture.mode == "L":
        grey = pixels[..., 0]
    else:
        grey = np.asarray(Image.fromarray(pixels[..., :3]).convert("L"))
    if picture.mode == "RGBA":
        grey = np.rint(grey * (pixels[..., 3] / np.float32(255))).astype(np.uint8)
    mask = Image.fromarray(np.ascontiguousarray(grey))
    if mask.size != (bounds.width, bounds.height):
        mask = mask.resize((bounds.width, bounds.height), Image.Resampling.BILINEAR)
    return Raster(width=bounds.width, height=bounds.height, mode="L", pixels=mask.tobytes())


def _as_colour(picture: Raster) -> Raster:
    grey = np.frombuffer(picture.pixels, np.uint8).repeat(3).tobytes()
    return Raster(width=picture.width, height=picture.height, mode="RGB", pixels=grey)


def _resized(picture: Raster, size: tuple[int, int]) -> Raster:
    pixels = _pixels(picture)
    image = Image.fromarray(pixels[..., 0] if picture.mode == "L" else pixels)
    data = image.resize(size, Image.Resampling.LANCZOS).tobytes()
    return Raster(width=size[0], height=size[1], mode=picture.mode, pixels=data)


def _pixels(picture: Raster) -> np.ndarray:
    shape = picture.height, picture.width, -1
    return np.frombuffer(picture.pixels, np.uint8).reshape(shape)
