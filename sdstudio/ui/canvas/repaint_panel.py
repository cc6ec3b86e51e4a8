"""The panel beside the painted picture: the button that names the intent, and how it is done."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from sdstudio.ui.canvas import repaint_words
from sdstudio.ui.canvas.repaint_form import MAX_CANDIDATES, RepaintForm
from sdstudio.ui.canvas.repaint_intent import (
    Intent,
    Situation,
    intent_of,
    possible_intents,
)
from sdstudio.ui.icons import icon
from sdstudio.ui.prompt.choice_row import ChoiceRow
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.number_field import NumberField, NumberRange
from sdstudio.ui.widgets.section import Section

STRENGTH = NumberRange(
    low=0.01, high=1.0, default=1.0, step=0.05, fine_step=0.01, scale=100, unit="%"
)
HINT_PX = 28
"""Two lines, so that nothing jumps when a hint needs both."""

_FORM = RepaintForm


def _pixels(high: int, default: int) -> NumberRange:
    return NumberRange(low=0, high=high, default=default, unit="px")


class RepaintPanel(QWidget):
    """Shows the form and reports wishes.

    Signals:
        run_wanted: the button was pressed.
        edges_moved: a slider of the masks moved; what it does should be seen.
        sight_pinned: whether what the model sees is drawn all the time.
    """

    run_wanted = Signal()
    edges_moved = Signal()
    sight_pinned = Signal(bool)

    def __init__(self, form: RepaintForm) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._form = form
        self.intent: Intent = "generate"
        self._possible: tuple[Intent, ...] = ()
        self.button = text_button("", kind="primary", icon_name="generate")
        self.button.setProperty("attached", "left")
        self.button.clicked.connect(self.run_wanted)
        self.choose_button = text_button("", kind="primary")
        self.choose_button.setProperty("attached", "right")
        self.choose_button.setIcon(icon("chevron-down", "on-accent"))
        self.choose_button.setFixedWidth(32)
        self.choose_button.setAccessibleName(self.tr("Choose what the button does"))
        self.choose_button.setToolTip(self.tr("Choose what the button does"))
        self._menu = QMenu(self.choose_button)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.choose_button.setMenu(self._menu)
        self.hint = label("", "caption")
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setMinimumHeight(HINT_PX)
        self.details = QWidget()
        """The sections that are opened seldom; whoever lays out the panel puts them below."""
        self.masks = Section(self.tr("Mask edges"), is_open=False)
        self.model = Section(self.tr("Context and model"), is_open=False)
        self._make_rows()
        self._lay_out()
        self.show_situation(None)

    def show_situation(self, situation: Situation | None) -> None:
        """Name the intent that follows, and grey out what it does not use."""
        possible = possible_intents(situation) if situation else ("generate",)
        intent = intent_of(situation) if situation else "generate"
        uses_mask = situation is not None and (situation.has_mask or intent == "expand")
        for row in (self.fill, self.masks.content, self.sight, self.inpainting):
            row.setEnabled(uses_mask)
        if (intent, possible) != (self.intent, self._possible):
            self.intent, self._possible = intent, possible
            self._show_intent()

    def _show_intent(self) -> None:
        intent = self.intent
        self.button.setText(repaint_words.intent_name(intent))
        self.button.setToolTip(f"{repaint_words.intent_hint(intent)} {self.tr('(Ctrl+Enter)')}")
        self.hint.setText(repaint_words.intent_hint(intent))
        self.fill.show_choices(repaint_words.fill_choices(intent), self._form.fill)

    # --- building -------------------------------------------------------------------------

    def _make_rows(self) -> None:
        form = self._form
        self.strength = NumberField(
            self.tr("Strength"), STRENGTH, tooltip=self.tr("How much of what is there may change.")
        )
        self.fill = ChoiceRow(
            self.tr("Start from"),
            tooltip=self.tr("What lies under the mask before the model paints."),
        )
        self.count = NumberField(
            self.tr("Candidates"),
            NumberRange(low=1, high=MAX_CANDIDATES, default=_FORM.count.default),
            tooltip=self.tr("Pictures to choose from; each has the next seed."),
        )
        self._make_edge_rows()
        self.matches = QCheckBox(self.tr("Match the colours around"))
        self.matches.setToolTip(self.tr("Shifts the result so that it meets its surroundings."))
        self.sight = ChoiceRow(self.tr("Model sees"), tooltip=self.tr("How much of the picture."))
        self.inpainting = ChoiceRow(
            self.tr("Inpainting"), tooltip=self.tr("Whether a model made for it is used so.")
        )
        self.pin = QCheckBox(self.tr("Always show on the canvas"))
        self.pin.setToolTip(self.tr("Draws what the model sees and may change all the time"))
        self.pin.toggled.connect(self.sight_pinned)
        self.reset = text_button(self.tr("Reset edges"), kind="quiet", icon_name="undo")
        self.reset.clicked.connect(form.reset_edges)
        self.reset.clicked.connect(self.edges_moved)
        self._bind()

    def _make_edge_rows(self) -> None:
        self.grow = NumberField(
            self.tr("Grow"),
            _pixels(64, _FORM.grow_px.default),
            tooltip=self.tr("How far beyond the mask the result reaches."),
        )
        self.feather = NumberField(
            self.tr("Feather"),
            NumberRange(
                low=0,
                high=0.5,
                default=_FORM.feather.default,
                step=0.01,
                fine_step=0.01,
                scale=100,
                unit="%",
            ),
            tooltip=self.tr("How softly the model's freedom ends, as a part of the mask's size."),
        )
        self.least = NumberField(
            self.tr("At least"),
            _pixels(128, _FORM.min_feather_px.default),
            tooltip=self.tr("The feather is never narrower than this."),
        )
        self.blend = NumberField(
            self.tr("Blend"),
            _pixels(128, _FORM.blend_px.default),
            tooltip=self.tr("How softly the result is laid over the picture at its edge."),
        )

    def _bind(self) -> None:
        form = self._form
        for field, name in (
            (self.strength, "strength"),
            (self.count, "count"),
            (self.grow, "grow_px"),
            (self.feather, "feather"),
            (self.least, "min_feather_px"),
            (self.blend, "blend_px"),
        ):
            field.value_wanted.connect(partial(setattr, form, name))
            getattr(form, f"{name}_changed").connect(field.show_value)
            field.show_value(getattr(form, name))
            if name != "count":
                field.value_wanted.connect(self.edges_moved)
        self.sight.show_choices(repaint_words.sight_choices(), form.sight)
        self.inpainting.show_choices(repaint_words.inpainting_choices(), form.use_inpainting_model)
        for row, name in (
            (self.fill, "fill"),
            (self.sight, "sight"),
            (self.inpainting, "use_inpainting_model"),
        ):
            row.name_wanted.connect(partial(setattr, form, name))
            row.name_wanted.connect(self.edges_moved)
            getattr(form, f"{name}_changed").connect(row.show_name)
        self.matches.setChecked(form.matches_colours)
        self.matches.toggled.connect(partial(setattr, form, "matches_colours"))
        form.matches_colours_changed.connect(self.matches.setChecked)

    def _lay_out(self) -> None:
        main = QHBoxLayout()
        main.setSpacing(0)
        main.addWidget(self.button, 1)
        main.addWidget(self.choose_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(main)
        for row in (self.hint, self.strength, self.fill, self.count):
            layout.addWidget(row)
        edges = (self.grow, self.feather, self.least, self.blend)
        for row in (*edges, self.matches, self.pin, self.reset):
            self.masks.body.addWidget(row)
        for row in (self.sight, self.inpainting):
            self.model.body.addWidget(row)
        below = QVBoxLayout(self.details)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(8)
        below.addWidget(self.masks)
        below.addWidget(self.model)

    def _fill_menu(self) -> None:
        self._menu.clear()
        for intent in self._possible:
            action = self._menu.addAction(repaint_words.intent_name(intent))
            action.setToolTip(repaint_words.intent_hint(intent))
            action.setCheckable(True)
            action.setChecked(intent == self.intent)
            action.triggered.connect(partial(self._form.choose, intent))
