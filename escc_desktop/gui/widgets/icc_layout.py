"""Where each feature stands on the wall, and which one is next to it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt

from escc_desktop.i18n import _

WallName = tuple[str, str, str]
"""Filter, family, feature."""

GAP = 6
TOP = 84
_LABEL_WIDTH = 72
_SHAPE = "shape"
_SHORT = {
    "original": "original",
    "log-sigma-3-0-mm-3D": "LoG 3 mm",
    "log-sigma-5-0-mm-3D": "LoG 5 mm",
    "squareroot": "square root",
}


def short_filter(name: str) -> str:
    """Return a filter's name as it fits over a column."""
    return _SHORT.get(name, name.replace("wavelet-", "wavelet ").replace("lbp-", "LBP "))


def _group(name: str) -> str:
    """Return the first word of a filter, by which columns are parted; point operations stand together."""
    word = name.split("-", maxsplit=1)[0]
    return "point" if word in {"square", "squareroot", "logarithm", "exponential", "gradient"} else word


class WallPlan:
    """Places of cells: one column a filter, one row a feature; shape has a column of its own at the right.

    Attributes
    ----------
    cells
        (p, 4) left, top, width and height of each cell, in pixels.
    families, columns
        Labels with their place: (words, top, bottom) and (words, centre).
    """

    moves = frozenset(
        {
            Qt.Key.Key_Left,
            Qt.Key.Key_Right,
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
            Qt.Key.Key_Home,
            Qt.Key.Key_End,
            Qt.Key.Key_PageUp,
            Qt.Key.Key_PageDown,
        }
    )

    def __init__(self, names: Sequence[WallName]) -> None:
        self.names = tuple(names)
        textures = [name for name in self.names if name[1] != _SHAPE]
        self._filters = list(dict.fromkeys(name[0] for name in textures))
        self._rows = list(dict.fromkeys(name[1:] for name in textures))
        self._shapes = [place for place, name in enumerate(self.names) if name[1] == _SHAPE]
        self._place = {name: place for place, name in enumerate(self.names)}
        self.left = float(_LABEL_WIDTH)
        self.cells = np.zeros((len(self.names), 4))
        self.families: list[tuple[str, float, float]] = []
        self.columns: list[tuple[str, float]] = []

    def fit(self, width: float, height: float) -> None:
        """Spread the cells over a size."""
        if not self.names:
            return
        lefts, column_width = self._columns(width)
        tops, bottoms = self._row_edges(height)
        column_of = {name: k for k, name in enumerate(self._filters)}
        row_of = {row: k for k, row in enumerate(self._rows)}
        for place, (image, family, feature) in enumerate(self.names):
            if family == _SHAPE:
                continue
            row = row_of[family, feature]
            self.cells[place] = lefts[column_of[image]], tops[row], column_width, bottoms[row] - tops[row]
        edges = np.round(np.linspace(TOP, max(bottoms[-1], TOP + 1), len(self._shapes) + 1))
        for k, place in enumerate(self._shapes):
            self.cells[place] = lefts[-1], edges[k], column_width, edges[k + 1] - edges[k] - 1
        self._label(tops, bottoms, lefts, column_width)

    def _columns(self, width: float) -> tuple[list[float], float]:
        """Return the left edges of the columns, shape's last, and their width."""
        groups = [_group(name) for name in self._filters]
        gaps = [
            0,
            *(GAP if a != b else 1 for a, b in itertools.pairwise(groups)),
            *([GAP] * bool(self._shapes)),
        ]
        n = len(gaps)
        column_width = max(4.0, np.floor((width - self.left - sum(gaps) - 1) / n))
        lefts = [self.left + sum(gaps[: k + 1]) + k * column_width for k in range(n)]
        return lefts, float(column_width)

    def _row_edges(self, height: float) -> tuple[list[float], list[float]]:
        n_families = len(dict.fromkeys(family for family, _feature in self._rows))
        room = height - TOP - GAP * (n_families - 1) - 1
        edges = np.round(np.arange(len(self._rows) + 1) * max(3.0, room / max(len(self._rows), 1)))
        tops, bottoms, shift, before = [], [], 0.0, ""
        for row, (family, _feature) in enumerate(self._rows):
            shift += GAP if before and family != before else 0
            before = family
            tops.append(float(TOP + shift + edges[row]))
            bottoms.append(float(TOP + shift + edges[row + 1] - 1))
        return tops, bottoms

    def _label(self, tops: list[float], bottoms: list[float], lefts: list[float], column_width: float) -> None:
        self.families = []
        for family in dict.fromkeys(family for family, _feature in self._rows):
            own = [row for row, (one, _feature) in enumerate(self._rows) if one == family]
            self.families.append((family, tops[own[0]], bottoms[own[-1]]))
        words = [*(short_filter(name) for name in self._filters), *([_("shape")] * bool(self._shapes))]
        self.columns = [(text, left + column_width / 2) for text, left in zip(words, lefts, strict=True)]

    def at(self, x: float, y: float) -> int:
        """Return the feature whose cell, with the thin line below it, is at a point; -1 if there is none."""
        left, top, width, height = self.cells.T
        hits = np.flatnonzero((x >= left) & (x < left + width) & (y >= top) & (y <= top + height))
        return int(hits[0]) if len(hits) else -1

    def move(self, feature: int, key: Qt.Key) -> int:
        """Return the feature one step away; at an edge, the same one."""
        image, family, name = self.names[feature]
        if family == _SHAPE:
            return self._move_in_shapes(feature, key)
        column, row = self._filters.index(image), self._rows.index((family, name))
        if key == Qt.Key.Key_Right and column == len(self._filters) - 1 and self._shapes:
            return self._shapes[min(row * len(self._shapes) // len(self._rows), len(self._shapes) - 1)]
        column = {
            Qt.Key.Key_Left: max(column - 1, 0),
            Qt.Key.Key_Right: min(column + 1, len(self._filters) - 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(self._filters) - 1,
        }.get(key, column)
        row = {
            Qt.Key.Key_Up: max(row - 1, 0),
            Qt.Key.Key_Down: min(row + 1, len(self._rows) - 1),
            Qt.Key.Key_PageUp: self._family_row(row, -1),
            Qt.Key.Key_PageDown: self._family_row(row, 1),
        }.get(key, row)
        return self._place[self._filters[column], *self._rows[row]]

    def _move_in_shapes(self, feature: int, key: Qt.Key) -> int:
        place = self._shapes.index(feature)
        if key in {Qt.Key.Key_Left, Qt.Key.Key_Home}:
            row = place * len(self._rows) // len(self._shapes)
            column = -1 if key == Qt.Key.Key_Left else 0
            return self._place[self._filters[column], *self._rows[row]]
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -14, Qt.Key.Key_PageDown: 14}.get(key, 0)
        return self._shapes[min(max(place + step, 0), len(self._shapes) - 1)]

    def _family_row(self, row: int, step: int) -> int:
        """Return the first row of the next family, or of this or the one before."""
        starts = [k for k, (family, _feature) in enumerate(self._rows) if k == 0 or self._rows[k - 1][0] != family]
        if step > 0:
            return next((start for start in starts if start > row), len(self._rows) - 1)
        return next((start for start in reversed(starts) if start < row), 0)
