"""The run in work: what it is, how far, and the two ways to stop it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from sdstudio.jobs.job import Job
from sdstudio.ui.queue import job_words
from sdstudio.ui.queue.job_delegate import MARK_PX, paint_mark
from sdstudio.ui.run_progress import RunProgress
from sdstudio.ui.widgets.buttons import icon_button, with_shortcut
from sdstudio.ui.widgets.labels import ElidedLabel
from sdstudio.ui.widgets.progress_line import ProgressLine


class JobMark(QWidget):
    """The picture or icon of a run."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(MARK_PX, MARK_PX)
        self._job: Job | None = None

    def show_job(self, job: Job | None) -> None:
        """Show the mark of a run."""
        self._job = job
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._job is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_mark(painter, QRect(0, 0, MARK_PX, MARK_PX), self._job, self.palette())


class RunningCard(QFrame):
    """Keeps its height while it is there, so that the list below does not jump.

    Args:
        stop_now, after_picture: the window's actions.
    """

    menu_wanted = Signal(object, object)  # Job, QPoint on the screen

    def __init__(self, stop_now: QAction, after_picture: QAction) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.job: Job | None = None
        self._ends = False
        self._mark = JobMark()
        self._title = ElidedLabel()
        self._state = ElidedLabel("", "caption")
        self.bar = ProgressLine(self.tr("Progress of the run"))
        self.after_button = _action_button("after-picture", after_picture)
        self.stop_button = _action_button("stop", stop_now)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._title)
        words.addWidget(self._state)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._mark)
        top.addLayout(words, 1)
        top.addWidget(self.after_button)
        top.addWidget(self.stop_button)
        top.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 4, 6)
        layout.setSpacing(5)
        layout.addLayout(top)
        layout.addWidget(self.bar)

    def show_job(self, job: Job | None) -> None:
        """Show a run, or disappear."""
        if job is not self.job:
            self.job = job
            self._mark.show_job(job)
            self.bar.show_fraction(0.0)
            self._state.setText("" if job is None else job_words.details(job.request))
            self._title.setText("" if job is None else job_words.title(job.request))
        self._ends = job is not None and job.cancel.stops_after_picture
        self.setAccessibleName(self.tr("Running: {0}").format(self._title.text()))
        self.setVisible(job is not None)

    def show_progress(self, progress: RunProgress) -> None:
        """Show how far the run is."""
        text = (
            progress.text if not progress.time_left else f"{progress.text} · {progress.time_left}"
        )
        if self._ends:
            text = self.tr("Stops soon · {0}").format(text)
        self._state.setText(text)
        self.bar.show_fraction(progress.fraction)

    def sizeHint(self) -> QSize:
        return QSize(260, super().sizeHint().height())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.job is not None:
            self.menu_wanted.emit(self.job, event.globalPos())


def _action_button(icon_name: str, action: QAction) -> QToolButton:
    """A square button that triggers an action and shares its state."""
    tip = with_shortcut(action.text().replace("&", ""), action.shortcut())
    button = icon_button(icon_name, action.text().replace("&", ""), tooltip=tip)
    button.clicked.connect(action.trigger)

    def take_state() -> None:
        button.setEnabled(action.isEnabled())

    action.changed.connect(take_state)
    take_state()
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
