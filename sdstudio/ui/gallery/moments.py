"""Times of day in the user's own way of writing."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QDate, QDateTime, QLocale, QTime

SHORT = QLocale.FormatType.ShortFormat


def moment_text(moment: datetime) -> str:
    """Date and time."""
    date = QDate(moment.year, moment.month, moment.day)
    time = QTime(moment.hour, moment.minute, moment.second)
    return QLocale().toString(QDateTime(date, time), SHORT)


def date_text(moment: datetime) -> str:
    """The date alone."""
    return QLocale().toString(QDate(moment.year, moment.month, moment.day), SHORT)
