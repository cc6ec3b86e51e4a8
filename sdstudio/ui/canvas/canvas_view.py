"""The canvas as a viewer: the picture, or what becomes of it, at its place and size."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPalette

from sdstudio.jobs.job import Job
from sdstudio.messages.events import FinalEvent, ProgressEvent, StepEvent
from sdstudio.messages.result import PictureResult
from sdstudio.ui.background import Background
from sdstudio.ui.canvas import page_painting
from sdstudio.ui.canvas.live_run import LiveRun
from sdstudio.ui.canvas.page_picture import PagePicture
from sdstudio.ui.canvas.page_view import PageView
from sdstudio.ui.canvas.shown_picture import ShownPicture, of_result

WORDS_DELAY_MS = 250
"""What lasts shorter than this is not worth a word."""


class CanvasView(PageView):
    """Shows one picture, or the page a run is filling.

    A person who looks at another picture during a run is not interrupted by it: the run comes
    back by `watch_run`.

    Args:
        background: makes large pictures ready for painting.
    """

    shown_changed = Signal(object)  # ShownPicture
    watching_changed = Signal(bool)  # whether a run goes on unseen
    mime_pasted = Signal(object)  # QMimeData
    copy_wanted = Signal()

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Canvas"))
        self.shown: ShownPicture | None = None
        self._background = background
        self._picture: PagePicture | None = None
        self._run: LiveRun | None = None
        self._ended: LiveRun | None = None
        """A run that is over, whose last preview stays until its picture is ready."""
        self._looks_away = False
        self._empty_page = QSize(256, 256)
        self._missing = ""
        self.is_blank = True
        """Nothing has happened yet, and the welcome has the place."""
        self._words_timer = QTimer(self)
        self._words_timer.setSingleShot(True)
        self._words_timer.setInterval(WORDS_DELAY_MS)
        self._words_timer.timeout.connect(self.update)

    # --- what the window tells ------------------------------------------------------------

    def begin_run(self, job: Job) -> None:
        """A run starts; its page shows as soon as there is something on it."""
        self._run, self._ended = LiveRun(job), None
        self._missing = ""
        self._unveil()
        self._follow_page()
        self.watching_changed.emit(self._looks_away)

    def show_activity(self, event: ProgressEvent) -> None:
        """Say what the run does while it makes no steps."""
        if self._run is not None and self._run.words != event.text:
            self._run.words = event.text
            self._words_timer.start()

    def show_preview(self, step: StepEvent) -> None:
        """Show a step's preview at the place and size of the picture to come."""
        if self._run is None or self._run.job.id != step.job_id:
            return
        self._words_timer.stop()
        self._run.take(step)
        self._follow_page()

    def show_picture(self, result: PictureResult, path: Path | None) -> None:
        """Show a finished picture; `path` is None where it could not be saved."""
        shown = of_result(result, path)

        def done(picture: PagePicture) -> None:
            for run in (self._run, self._ended):
                if run is not None and run.previews(result):
                    run.drop_preview()
            if not self._looks_away:
                self._take(shown, picture)

        self._background.run(lambda: PagePicture(result.picture), done)

    def drop_preview(self) -> None:
        """The run ended without a picture: show again what was there before it."""
        self._run = self._ended = None
        self._follow_page()

    def end_run(self, job: Job, event: FinalEvent) -> None:
        """The run is over; its last preview stays until its picture takes the place."""
        self._words_timer.stop()
        if self._run is not None and self._run.job.id == job.id:
            self._run, self._ended = None, self._run
            self.watching_changed.emit(False)
            self.update()

    def look_at(self, shown: ShownPicture, picture: PagePicture) -> None:
        """Show a picture that a person chose; a run goes on unseen."""
        self._looks_away = self._run is not None
        self._ended = None
        self._take(shown, picture)
        self.watching_changed.emit(self._looks_away)

    def watch_run(self) -> None:
        """Show the run again."""
        self._looks_away = False
        self._follow_page()
        self.watching_changed.emit(False)

    def show_missing(self, name: str) -> None:
        """Say on an empty page that a picture's file is gone."""
        self._missing = self.tr("{0} is not there any more.").format(name)
        self._picture, self.shown = None, None
        self._unveil()
        self._follow_page()

    def set_empty_page(self, page: QSize) -> None:
        """Take the size of the picture that would be made next."""
        self._empty_page = page
        if self._displayed() is None:
            self._follow_page()

    # --- what a person does ---------------------------------------------------------------

    def paste(self) -> None:
        """Take what lies on the clipboard."""
        self.mime_pasted.emit(QGuiApplication.clipboard().mimeData())

    def copy(self) -> None:
        """Ask for a copy of the picture."""
        self.copy_wanted.emit()

    @property
    def words(self) -> str:
        """What is written over the page."""
        if self._run is None or self._looks_away or self._words_timer.isActive():
            return ""
        return self._run.words

    # --- painting -------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        self.viewpoint.set_view(self.view_size(), ratio)
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(event.rect(), palette.color(QPalette.ColorRole.Dark))
        page = self.viewpoint.rect()
        picture = self._displayed()
        if self.has_key_focus:
            page_painting.paint_focus(painter, self.rect().toRectF(), palette)
        if self.is_blank:
            return
        if picture is None:
            page_painting.paint_empty_page(painter, page, palette)
            page_painting.paint_caption(painter, page, self._empty_words(), palette)
        else:
            if picture.has_alpha:
                page_painting.paint_checker(painter, page, palette)
            device = self.viewpoint.device_rect()
            picture.paint(painter, device, ratio, event.rect().toRectF())
        if self._run is not None and not self._looks_away:
            page_painting.paint_progress(painter, page, self._run.fraction, palette)
        if self.words:
            area = page.intersected(self.rect().toRectF())
            page_painting.paint_words(painter, area, self.words, palette)

    def _unveil(self) -> None:
        """From the first run or picture on there is a page."""
        if self.is_blank:
            self.is_blank = False
            self.refresh_view()

    def _displayed(self) -> PagePicture | None:
        if not self._looks_away:
            for run in (self._run, self._ended):
                if run is not None and run.has_preview:
                    return run.preview()
        return self._picture

    def _empty_words(self) -> str:
        page = self.viewpoint.page
        return self._missing or f"{page.width()} × {page.height()}"

    def _take(self, shown: ShownPicture, picture: PagePicture) -> None:
        self.shown, self._picture = shown, picture
        self._missing = ""
        self._unveil()
        if self._run is None and self._ended is not None and not self._ended.has_preview:
            self._ended = None
        self.setAccessibleDescription(shown.prompt)
        self._follow_page()
        self.shown_changed.emit(shown)

    def _follow_page(self) -> None:
        """Take the size of what is displayed; paint no more than has changed."""
        page = self._page_size()
        if page == self.viewpoint.page:
            self.update(self.page_rect.adjusted(-2, -2, 2, 8))
            return
        self.viewpoint.set_page(page)
        self.refresh_view()

    def _page_size(self) -> QSize:
        if not self._looks_away:
            for run in (self._run, self._ended):
                if run is not None and run.page is not None and self._shows(run):
                    return run.page
        return self._empty_page if self._picture is None else self._picture.size

    def _shows(self, run: LiveRun) -> bool:
        """A run has the page as soon as it has a preview, or if there is nothing else."""
        return run.has_preview or self._picture is None
