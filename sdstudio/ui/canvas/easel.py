"""The document on the easel: what every part of the Paint room shows and changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from sdstudio.document.document import Document
from sdstudio.document.rect import EMPTY, Rect
from sdstudio.document.state import Layer
from sdstudio.errors import SdstudioError
from sdstudio.messages.generation import GenerationRequest

T = TypeVar("T")


class Easel(QObject):
    """Holds the open document and tells all who look at it what changed.

    Whoever changes the document does so by `do`, or says so by `touch` afterwards. A stroke in
    work only says where to paint anew (`repaint`); its end is a `touch`.
    """

    document_changed = Signal()
    """Another document is open."""
    repaint_wanted = Signal(object)
    """Rect of the document whose pixels changed; often, while a stroke is drawn."""
    touched = Signal()
    """Something changed by an act that is over: pixels, layers, selection, box or undo stack."""
    refused = Signal(object)
    """SdstudioError: what was wished cannot be done."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._origins: tuple[str, ...] = ()
        self._files: dict[int, tuple[GenerationRequest, str]] = {}

    @property
    def document(self) -> Document:
        """What is painted on."""
        return self._document

    @property
    def parents(self) -> tuple[str, ...]:
        """Names of the files it was made from; what is painted on it descends from them.

        An accepted result that is a file itself stands for those that it was made from, until
        the acceptance is undone.
        """
        parents = self._origins
        for each in self._document.state.accepted:
            _, name = self._files.get(id(each.request), (None, ""))
            if name:
                grandparents = each.request.parents
                parents = (*(other for other in parents if other not in grandparents), name)
        return tuple(dict.fromkeys(parents))

    def put(self, document: Document, *, parents: tuple[str, ...] = ()) -> None:
        """Put another document up; the one before is closed."""
        self._document.undo_stack.clear()
        self._document = document
        self._origins = parents or _named_in(document)
        self._files = {}
        self.document_changed.emit()
        self.touched.emit()

    def descend_from(self, name: str) -> None:
        """Note that a picture file became part of the document."""
        self._origins = tuple(dict.fromkeys((*self._origins, name)))

    def note_file(self, request: GenerationRequest, name: str) -> None:
        """Note under which name the result of a request lies in the gallery."""
        self._files[id(request)] = (request, name)  # held, so that its id stays its own

    def do(self, verb: Callable[[], T]) -> T | None:
        """Carry out one of the document's verbs and tell what it changed.

        A verb that returns no rectangle is taken to have changed the whole picture. One that
        cannot be done is told by `refused`, and None is returned.
        """
        try:
            answer = verb()
        except SdstudioError as error:
            self.refused.emit(error)
            return None
        self.touch(answer if isinstance(answer, Rect) else self._document.bounds)
        return answer

    def repaint(self, rect: Rect) -> None:
        """Say where pixels changed while an act goes on."""
        if not rect.is_empty:
            self.repaint_wanted.emit(rect)

    def touch(self, rect: Rect = EMPTY) -> None:
        """Say that an act is over, and where it changed pixels."""
        self.repaint(rect)
        self.touched.emit()

    def undo(self) -> None:
        """Take the last step back."""
        self.do(self._document.undo)

    def redo(self) -> None:
        """Do again what was undone last."""
        self.do(self._document.redo)

    def activate(self, layer: Layer) -> None:
        """Let tools work on a layer."""
        self._document.layers.activate(layer.id)
        self.touched.emit()


def _named_in(document: Document) -> tuple[str, ...]:
    """The parents that the results in an opened document had."""
    requests = [each.request for each in document.state.accepted]
    return tuple(dict.fromkeys(name for request in requests for name in request.parents))
