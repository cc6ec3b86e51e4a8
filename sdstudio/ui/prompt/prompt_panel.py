"""The panel where a picture is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QVBoxLayout, QWidget

from sdstudio.messages.generation import GenerationRequest
from sdstudio.ui.generation_choices import load_example_prompts
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.prompt.generate_bar import GenerateBar
from sdstudio.ui.prompt.prompt_edit import PromptEdit
from sdstudio.ui.prompt.recall_card import RecallCard
from sdstudio.ui.prompt.settings_rows import AdvancedRows, BasicRows, SamplingRows, bind_number
from sdstudio.ui.prompt.start_picture import StartPicture
from sdstudio.ui.recalled_settings import on_this_machine
from sdstudio.ui.widgets.buttons import icon_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.section import Section

if TYPE_CHECKING:
    from sdstudio.gallery.recall import Recalled

MARGIN_PX = 12


class PromptPanel(QWidget):
    """Shows the form and reports wishes.

    Args:
        form: holds all state.
        generate_bar: fixed at the foot of the panel.
    """

    picture_dropped = Signal(object)  # Path
    start_file_wanted = Signal(object)  # Path

    def __init__(self, form: GenerationForm, generate_bar: GenerateBar) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAcceptDrops(True)
        self.form = form
        self._page_intent = ""
        self.generate_bar = generate_bar
        self._dropped: Path | None = None
        example = self.tr("For example: a small red house in the snow at night")
        self.prompt = PromptEdit(self.tr("Prompt"), example, lines=(4, 12))
        self.negative = PromptEdit(
            self.tr("Negative prompt"), self.tr("what should not be in it"), lines=(2, 6)
        )
        self.negative_section = Section(self.tr("Negative prompt"), is_open=False)
        self.sampling_section = Section(self.tr("Sampling"))
        self.advanced_section = Section(self.tr("Advanced"), is_open=False)
        self.start_picture = StartPicture()
        self.recall = RecallCard()
        self.title_widgets = (self._examples_button(),)
        self._lay_out()
        self._bind()

    def focus_prompt(self) -> None:
        """Put the cursor at the end of the prompt."""
        self.prompt.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.prompt.moveCursor(self.prompt.textCursor().MoveOperation.End)

    def offer_recall(self, recalled: Recalled, path: Path) -> None:
        """Offer the settings of a dropped picture, whoever made it."""
        self._dropped = path
        self.recall.offer(on_this_machine(recalled, self.form.choices))
        self._scroll.ensureWidgetVisible(self.recall)

    def sections(self) -> dict[str, Section]:
        """The foldable sections by the name under which they are remembered."""
        return {
            "negative": self.negative_section,
            "sampling": self.sampling_section,
            "advanced": self.advanced_section,
        }

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasText():
            self._drop_hint.setVisible(event.mimeData().hasUrls())
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_hint.hide()
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            self.picture_dropped.emit(files[0])
        elif event.mimeData().hasText():
            self.prompt.insertPlainText(event.mimeData().text())
        event.acceptProposedAction()

    def _lay_out(self) -> None:
        content = QWidget()
        content.setProperty("role", "panel")
        self._column = column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        column.setSpacing(8)
        column.addWidget(self.prompt)
        column.addWidget(self.negative_section)
        self.negative_section.body.addWidget(self.negative)
        column.addWidget(self.recall)
        self.recall.hide()
        column.addWidget(self.start_picture)
        self.start_picture.hide()
        basic = QVBoxLayout()
        basic.setSpacing(8)
        self.basic = BasicRows(self.form, basic)
        column.addLayout(basic)
        column.addWidget(self.sampling_section)
        self.sampling = SamplingRows(self.form, self.sampling_section.body)
        column.addWidget(self.advanced_section)
        self.advanced = AdvancedRows(self.form, self.advanced_section.body)
        column.addStretch()
        self._scroll = QScrollArea()
        self._scroll.setWidget(content)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._keep_width)
        self._scroll.setMinimumWidth(content.minimumSizeHint().width())
        self._drop_hint = self._make_drop_hint()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._drop_hint)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self.generate_bar)

    def _make_drop_hint(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "drop")
        words = label(self.tr("Drop a picture to reuse its settings"), "muted")
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        QVBoxLayout(frame).addWidget(words)
        frame.hide()
        return frame

    def _examples_button(self) -> QWidget:
        button = icon_button("examples", self.tr("Example prompts"))
        menu = QMenu(button)
        for text in load_example_prompts():
            menu.addAction(text, self._use_example(text))
        button.setMenu(menu)
        button.setPopupMode(button.ToolButtonPopupMode.InstantPopup)
        return button

    def _keep_width(self, _: int, maximum: int) -> None:
        """Give the scroll bar room from the margin, so that nothing moves when it appears."""
        margins = self._column.contentsMargins()
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        margins.setRight(MARGIN_PX - bar * (maximum > 0))
        self._column.setContentsMargins(margins)

    def _use_example(self, text: str) -> Callable[[], None]:
        return lambda: setattr(self.form, "prompt", text)

    def _bind(self) -> None:
        form = self.form
        for edit, name in ((self.prompt, "prompt"), (self.negative, "negative_prompt")):
            edit.show_text(getattr(form, name))
            edit.changed_by_hand.connect(lambda text, name=name: setattr(form, name, text))
            getattr(form, f"{name}_changed").connect(edit.show_text)
        form.negative_prompt_changed.connect(self.negative_section.set_summary)
        self.negative_section.set_summary(form.negative_prompt)
        bind_number(self.start_picture.strength, form, "strength")
        form.init_image_changed.connect(self.start_picture.show_picture)
        self.start_picture.show_picture(form.init_image)
        self.start_picture.remove_wanted.connect(self._remove_start)
        form.init_image_changed.connect(self._show_intent)
        form.strength_changed.connect(self._show_intent)
        self._show_intent()
        form.model_changed.connect(self._show_model)
        form.choices_changed.connect(self._show_model)
        self._show_model()
        self.recall.taken.connect(self._take_settings)
        self.recall.start_wanted.connect(self._start_from_dropped)
        self.recall.closed.connect(self.recall.hide)

    def show_page_intent(self, text: str) -> None:
        """Name on the button what the shown page makes of it; "" for what the form says."""
        self._page_intent = text
        self._show_intent()

    def _show_intent(self) -> None:
        text = self.tr("Refine") if self.form.refines else self.tr("Generate")
        self.generate_bar.show_intent(self._page_intent or text)

    def _show_model(self) -> None:
        """Grey out what the model cannot do, and say why."""
        model = self.form.model_choice
        reason = self.tr("{0} draws without a prompt.").format(model.label)
        for edit in (self.prompt, self.negative):
            edit.setEnabled(model.takes_prompt)
            edit.setToolTip("" if model.takes_prompt else reason)
        self.start_picture.show_fit(model.can_start_from_picture)

    def _remove_start(self) -> None:
        self.form.start_from(None)

    def _take_settings(self, request: GenerationRequest, fields: tuple[str, ...]) -> None:
        self.form.load(request, fields)
        self.recall.hide()

    def _start_from_dropped(self) -> None:
        self.recall.hide()
        if self._dropped is not None:
            self.start_file_wanted.emit(self._dropped)
