"""The headings of the timeline: a day, and how many pictures were made on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QRect, Qt
from PySide6.QtGui import QFont, QPainter, QPalette

from sdstudio.ui.gallery.cell import day_of

HEADING_PX = 40
PAD_PX = 8


class DayHeadings:
    """Draws headings; `starts` holds the first row of each day, empty for a plain grid."""

    def __init__(self) -> None:
        self.starts: list[int] = []

    def paint(
        self,
        painter: QPainter,
        place: QRect,
        ids: Sequence[int],
        span: tuple[int, int],
        palette: QPalette,
    ) -> None:
        """Draw the heading of the rows in `span`."""
        title, detail = self.words(ids, span)
        inside = place.adjusted(PAD_PX, 6, -PAD_PX, 0)
        plain = QFont(painter.font())
        bold = QFont(plain)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        align = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(inside, align, title)
        width = painter.fontMetrics().horizontalAdvance(title)
        painter.setFont(plain)
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(inside.adjusted(width + 12, 0, 0, 0), align, detail)

    def words(self, ids: Sequence[int], span: tuple[int, int]) -> tuple[str, str]:
        """What a heading says: its title, and what stands beside it."""
        return day_title(day_of(ids[span[0]]), date.today()), f"{span[1] - span[0]:,}"


def day_title(day: date | None, today: date) -> str:
    """How a day reads."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("DayHeadings", text)

    if day is None:
        return tr("At an unknown time")
    if day == today:
        return tr("Today")
    if day == today - timedelta(days=1):
        return tr("Yesterday")
    return QLocale().toString(QDate(day.year, day.month, day.day), QLocale.FormatType.LongFormat)
