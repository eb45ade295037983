"""The results of a development as a document: contents at the left, sections below each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.pages.model_captions import figure_words
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.figure import FigureView, PrintedFigure
from escc_desktop.gui.widgets.plain_table import ROW_PX, PlainTable
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _
from escc_desktop.workflow.views.model import ModelView, figure_of
from escc_desktop.workflow.views.model_parts import Section, Table

_CONTENTS_PX = 176
_TEXT_PX = 760
_TABLE_PX = 1000
_NEAR_PX = 80


class ModelDocument(QWidget):
    """Scrolls; the contents follow.

    Attributes
    ----------
    built
        Every section is there.
    """

    built = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._view: ModelView | None = None
        self._blocks: Iterator[bool] = iter(())
        self.figures: dict[str, FigureView] = {}
        self.tables: dict[str, list[PlainTable]] = {}
        self.places: dict[str, QWidget] = {}
        self.contents = QListWidget()
        self.contents.setFixedWidth(_CONTENTS_PX)
        self.contents.setAccessibleName(_("Contents"))
        self.contents.currentRowChanged.connect(self._on_contents)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.verticalScrollBar().valueChanged.connect(self._follow)
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._build_next)
        self._column = QVBoxLayout()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * GRID)
        line.addWidget(self.contents)
        line.addWidget(self.area, 1)

    def show_view(self, view: ModelView) -> None:
        """Show a development from its beginning; its blocks are built one after the other, so that nothing stands."""
        self._view = view
        self.figures, self.tables, self.places = {}, {}, {}
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 2 * GRID, 4 * GRID)
        self._column.setSpacing(4 * GRID)
        self.area.setWidget(inner)
        self.contents.blockSignals(True)
        self.contents.clear()
        self.contents.addItems([section.title for section in view.sections])
        self.contents.setCurrentRow(0)
        self.contents.blockSignals(False)
        self._blocks = self._build(view)
        self._timer.start()

    def go_to(self, section_id: str) -> None:
        """Scroll to a section."""
        self._scroll_to(section_id)
        self.contents.setFocus()

    def stop(self) -> None:
        """Build no further."""
        self._timer.stop()

    def _build_next(self) -> None:
        if next(self._blocks, False):
            return
        self._timer.stop()
        self._column.addStretch(1)
        self.built.emit()

    def _build(self, view: ModelView) -> Iterator[bool]:
        """Build a block at each step: words, a table, a row of figures."""
        for section in view.sections:
            yield from self._build_section(section, view)

    def _build_section(self, section: Section, view: ModelView) -> Iterator[bool]:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(section.title, size="title"))
        for sentence in section.sentences:
            column.addWidget(_paragraph(sentence))
        for sentence in section.cautions:
            column.addWidget(_caution(sentence))
        if section.facts:
            column.addWidget(_facts(section.facts))
        self.places[section.section_id] = holder
        self._column.addWidget(holder)
        yield True
        tables = self.tables[section.section_id] = []
        for table in section.tables:
            tables.append(_add_table(column, table))
            yield True
        for names in section.figures:
            self._add_figures(column, names, view)
            yield True

    def _add_figures(self, column: QVBoxLayout, names: Sequence[str], view: ModelView) -> None:
        """Put the figures that are there side by side."""
        side_by_side = QHBoxLayout()
        side_by_side.setSpacing(3 * GRID)
        for name in names:
            kept = figure_of(view.figures, name)
            if kept is None:
                continue
            title, caption = figure_words(name)
            printed = PrintedFigure(name, title, caption, kept.width_mm, kept.height_mm, kept.files)
            self.figures[name] = FigureView(self._desktop, printed)
            side_by_side.addWidget(self.figures[name], round(kept.width_mm), Qt.AlignmentFlag.AlignTop)
        if side_by_side.count():
            rest = _TEXT_PX // 4 - sum(side_by_side.stretch(k) for k in range(side_by_side.count()))
            side_by_side.addStretch(max(rest, 1))
            column.addLayout(side_by_side)

    def _on_contents(self, number: int) -> None:
        if self._view is not None and number >= 0:
            self._scroll_to(self._view.sections[number].section_id)

    def _scroll_to(self, section_id: str) -> None:
        if section_id in self.places:
            # A layout that is still waiting for its turn has not placed the section yet.
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
            self.area.verticalScrollBar().setValue(self.places[section_id].y())

    def _follow(self, value: int) -> None:
        """Mark the section on screen in the contents."""
        if self._view is None or not self.places:
            return
        # A section just built lies at 0 until its layout has its turn.
        above = list(takewhile(lambda place: place.y() <= value + _NEAR_PX, self.places.values()))
        bar = self.area.verticalScrollBar()
        number = len(self.places) - 1 if value == bar.maximum() else max(len(above) - 1, 0)
        self.contents.blockSignals(True)
        self.contents.setCurrentRow(number)
        self.contents.blockSignals(False)


def _paragraph(text: str, *, tone: str = "", size: str = "") -> QWidget:
    made = label(text, tone=tone, size=size, wrap=True)
    made.setMaximumWidth(_TEXT_PX)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def _caution(text: str) -> QWidget:
    frame = QFrame()
    frame.setProperty("surface", "warning")
    column = QVBoxLayout(frame)
    column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
    words = label(text, wrap=True)
    words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    column.addWidget(words)
    return frame


def _facts(facts: Sequence[tuple[str, str]]) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(3 * GRID)
    grid.setVerticalSpacing(GRID // 2)
    grid.setColumnStretch(1, 1)
    for number, (name, value) in enumerate(facts):
        grid.addWidget(label(name, tone="secondary"), number, 0, Qt.AlignmentFlag.AlignTop)
        words = label(value, wrap=True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(words, number, 1)
    return holder


def _add_table(column: QVBoxLayout, table: Table) -> PlainTable:
    """Put a table with its title and note at the end of a column."""
    if table.title:
        column.addSpacing(GRID)
        column.addWidget(label(table.title, size="heading"))
    made = _table(table)
    if table.rows:
        column.addWidget(made)
    if table.note:
        column.addWidget(_paragraph(table.note, tone="secondary", size="caption"))
    return made


def _table(table: Table) -> PlainTable:
    made = PlainTable(table.header, range(table.n_words, len(table.header)), name=table.title)
    made.show_rows(table.rows)
    made.horizontalHeader().ensurePolished()
    made.setFixedHeight(made.horizontalHeader().sizeHint().height() + ROW_PX * len(table.rows) + 2)
    made.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setMaximumWidth(_TABLE_PX)
    return made
