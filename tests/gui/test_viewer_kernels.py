"""The three inner loops of the viewer against numpy: colours, stretching, borders; and what they refuse."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter

from escc_desktop.gui.viewer._border import border
from escc_desktop.gui.viewer._color import color
from escc_desktop.gui.viewer._stretch import stretch
from escc_desktop.gui.viewer.mapping import Mapping
from escc_desktop.gui.viewer.outline import paint_border
from escc_desktop.gui.viewer.pixels import Border
from escc_desktop.gui.viewer.screen import Screen

OPAQUE = 0xFF000000


def _channels(colors: np.ndarray) -> np.ndarray:
    return np.stack([colors >> shift & 0xFF for shift in (16, 8, 0)]).astype(float)


def _picture(seed: int, shape: tuple[int, int], *, is_grey: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    grey = rng.integers(0, 256, shape, dtype=np.uint32) * np.uint32(0x010101)
    return (grey if is_grey else rng.integers(0, 1 << 24, shape, dtype=np.uint32)) | np.uint32(OPAQUE)


@given(
    seed=st.integers(0, 99),
    rows=st.integers(1, 14),
    columns=st.integers(1, 9),
    zoom=st.floats(0.3, 3.9),
    pan=st.floats(-20, 20),
    down=st.sampled_from([1, -1]),
    right=st.sampled_from([1, -1]),
    ratio=st.sampled_from([1.0, 1.25, 1.5, 2.0]),
    tinted=st.sampled_from([0, 1, 2, 20]),
)
@settings(max_examples=60, deadline=None)
def test_that_a_smooth_picture_is_the_bilinear_mean_of_its_neighbours_and_black_around(
    seed, rows, columns, zoom, pan, down, right, ratio, tinted
) -> None:
    colors = _picture(seed, (rows, columns), is_grey=True)
    colors[rows // 2 :][:tinted] = _picture(seed, (rows, columns), is_grey=False)[rows // 2 :][:tinted]
    center = (rows - 1) / 2 + pan / 10, (columns - 1) / 2 - pan / 10
    mapping = Mapping((rows, columns), (1.0, 1.3), down, right, QSizeF(32, 24), center, zoom * 0.75)
    painted = _paint(mapping, colors, QRect(0, 0, 32, 24), ratio)
    y, x = (np.arange(round(n * ratio)) for n in (24, 32))
    place = [mapping.place_of((at + 0.5) / ratio, axis) for axis, at in enumerate((y, x))]
    inside = [(at >= -0.5 + 1e-9) & (at < n - 0.5 - 1e-9) for at, n in zip(place, (rows, columns), strict=True)]
    outside = [(at < -0.5 - 1e-9) | (at > n - 0.5 + 1e-9) for at, n in zip(place, (rows, columns), strict=True)]
    assert (painted[np.ix_(outside[0], np.ones(len(x), dtype=bool))] == OPAQUE).all()
    assert (painted[np.ix_(np.ones(len(y), dtype=bool), outside[1])] == OPAQUE).all()
    on_screen = [
        at if sign > 0 else n - 1 - at for at, sign, n in zip(place, (down, right), (rows, columns), strict=True)
    ]
    expected = _bilinear(colors, *on_screen, is_smooth=mapping.is_smooth)
    both = np.ix_(*inside)
    assert np.abs(_channels(painted[both]) - expected[(slice(None), *both)]).max(initial=0) <= 2


def _bilinear(colors: np.ndarray, row: np.ndarray, column: np.ndarray, *, is_smooth: bool) -> np.ndarray:
    if not is_smooth:
        near = [
            np.floor(at + 0.5).astype(int).clip(0, n - 1) for at, n in zip((row, column), colors.shape, strict=True)
        ]
        return _channels(colors[np.ix_(*near)])
    low, share = [], []
    for at, n in zip((row, column), colors.shape, strict=True):
        within = at.clip(0, n - 1)
        low.append(np.minimum(np.floor(within), max(n - 2, 0)).astype(int))
        share.append(within - low[-1])
    high = [np.minimum(one + 1, n - 1) for one, n in zip(low, colors.shape, strict=True)]
    v, h = share[0][:, None], share[1][None, :]
    parts = [_channels(colors[np.ix_(a, b)]) for a in (low[0], high[0]) for b in (low[1], high[1])]
    weights = (1 - v) * (1 - h), (1 - v) * h, v * (1 - h), v * h
    return sum(part * weight for part, weight in zip(parts, weights, strict=True))


def _paint(mapping: Mapping, colors: np.ndarray, exposed: QRect, ratio: float) -> np.ndarray:
    size = mapping.widget.toSize()
    image = QImage(round(size.width() * ratio), round(size.height() * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("#ff00ff"))
    with QPainter(image) as painter:
        Screen().paint(painter, exposed, mapping, colors)
    return np.array(image.constBits()).view(np.uint32).reshape(image.height(), -1)[:, : image.width()]


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("zoom", [0.4, 1.0, 2.7, 6.0])
def test_that_parts_painted_one_by_one_are_the_whole(zoom: float, ratio: float) -> None:
    colors = _picture(1, (40, 50), is_grey=False)
    mapping = Mapping((40, 50), (1.0, 1.0), 1, -1, QSizeF(90, 70), (20.3, 24.1), zoom)
    whole = _paint(mapping, colors, QRect(0, 0, 90, 70), ratio)
    for part in (QRect(0, 0, 90, 1), QRect(31, 17, 20, 30), QRect(89, 69, 1, 1), QRect(40, 0, 3, 70)):
        painted = _paint(mapping, colors, part, ratio)
        rows, columns = (
            slice(round(a * ratio), round(b * ratio))
            for a, b in ((part.top(), part.bottom() + 1), (part.left(), part.right() + 1))
        )
        assert (painted[rows, columns] == whole[rows, columns]).all()
        painted[rows, columns] = 0xFFFF00FF
        assert (painted == 0xFFFF00FF).all()


def test_that_index_and_weight_beyond_the_picture_are_refused() -> None:
    colors, pixels = _picture(1, (4, 5), is_grey=False), np.zeros((2, 3), dtype=np.uint32)

    def call(columns: list[int], weights: list[int], rows: list[int], row_weights: list[int]) -> None:
        ways = (np.array(columns, np.int32), np.array(weights, np.uint16), np.array(rows, np.int32))
        stretch(colors, pixels, *ways, np.array(row_weights, np.uint16))

    call([0, 3, 4], [0, 0, 0], [0, 3], [0, 0])
    call([0, 3, 3], [0, 9, 256], [0, 2], [0, 256])
    for wrong in (
        ([0, 3, 5], [0, 0, 0], [0, 0], [0, 0]),
        ([0, 3, -1], [0, 0, 0], [0, 0], [0, 0]),
        ([0, 3, 4], [0, 1, 0], [0, 0], [0, 0]),
        ([0, 3, 3], [0, 257, 0], [0, 0], [0, 0]),
        ([0, 0, 0], [0, 0, 0], [3, 0], [1, 0]),
        ([0, 0], [0, 0], [0, 0], [0, 0]),
    ):
        with pytest.raises(ValueError, match=r"index|weight"):
            call(*wrong)
    with pytest.raises(TypeError):
        stretch(colors.astype(np.uint8), pixels, *([np.zeros(3, np.int32)] * 4))


@pytest.mark.parametrize(("down", "right"), [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_that_colours_are_the_tables_whatever_way_the_arrays_lie(down: int, right: int) -> None:
    rng = np.random.default_rng(2)
    volume = rng.integers(-32768, 32767, (7, 6, 9)).astype(np.int16)
    table, other = rng.integers(0, 1 << 32, (2, 1 << 16), dtype=np.uint32)
    mask = rng.random(volume.shape) < 0.5
    cuts = (np.s_[2], np.s_[:, 3], np.s_[:, :, 4], np.s_[3])
    for cut, is_turned in zip(cuts, (False, False, False, True), strict=True):
        hu, inside = (array[cut].T if is_turned else array[cut] for array in (volume, mask))
        colors = np.zeros(hu.shape, dtype=np.uint32)
        color(hu, table, colors[::down, ::right])
        assert (colors[::down, ::right] == table[hu.view(np.uint16)]).all()
        color(hu, other, colors[::down, ::right], inside)
        assert (colors[::down, ::right] == np.where(inside, other[hu.view(np.uint16)], table[hu.view(np.uint16)])).all()
    fitting = np.zeros((6, 9), np.uint32)
    for arrays in (
        (volume[2], table, fitting, mask[2, :, :8]),
        (volume[2].astype(np.int32), table, fitting),
        (volume[2], table[:100], fitting),
        (volume[2], table, fitting[:5]),
        (volume[2], table, fitting, mask[2].astype(np.uint16)),
    ):
        with pytest.raises(ValueError, match="arrays"):
            color(*arrays)


@pytest.mark.parametrize("is_dashed", [False, True])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("zoom", [0.7, 2.3, 7.0])
def test_that_a_border_runs_where_voxels_differ_from_their_neighbours(
    zoom: float, ratio: float, is_dashed: bool
) -> None:
    voxels = np.random.default_rng(4).random((9, 11)) < 0.5
    mapping = Mapping((20, 20), (1.0, 1.0), 1, -1, QSizeF(80, 60), (9.2, 10.1), zoom)
    image = QImage(round(80 * ratio), round(60 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    with QPainter(image) as painter:
        edge = Border(voxels, (4, 5), 0xFFE69F00, is_dashed)
        Screen().paint(painter, QRect(0, 0, 80, 60), mapping, np.zeros((20, 20), np.uint32), [edge])
    painted = np.array(image.constBits()).view(np.uint32).reshape(image.height(), -1) == 0xFFE69F00
    plane = np.zeros((20, 20), dtype=bool)
    plane[4:13, 5:16] = voxels
    at = [
        mapping.voxel_of((np.arange(-3, round(n * ratio) + 3) + 0.5) / ratio, axis) for axis, n in enumerate((60, 80))
    ]
    inside = np.pad(plane, 40)[np.ix_(*(np.clip(one + 40, 0, 99) for one in at))]
    thin = np.zeros_like(inside)
    thin[1:] |= inside[1:] ^ inside[:-1]
    thin[:, 1:] |= inside[:, 1:] ^ inside[:, :-1]
    thick = max(1, round(ratio * (2 if zoom >= 4 else 1)))
    after = (thick - 1) // 2
    expected = np.zeros_like(thin)
    for dy in range(-(thick - 1 - after), after + 1):
        for dx in range(-(thick - 1 - after), after + 1):
            expected |= np.roll(thin, (dy, dx), axis=(0, 1))
    expected = expected[3:-3, 3:-3]
    image.fill(0)
    with QPainter(image) as painter:
        paint_border(painter, mapping, voxels, (4, 5), QColor("#e69f00"))
    over = np.array(image.constBits()).view(np.uint32).reshape(image.height(), -1) == 0xFFE69F00
    assert (over == expected).all()
    if is_dashed:
        assert not (painted & ~expected).any()
        assert 0.3 < painted.sum() / expected.sum() < 0.7
    else:
        assert (painted == expected).all()


def test_that_a_border_that_lets_shine_through_is_mixed_with_what_lies_below() -> None:
    image = QImage(60, 60, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 100, 0))
    mapping = Mapping((6, 6), (1.0, 1.0), 1, 1, QSizeF(60, 60), (2.5, 2.5), 10.0)
    with QPainter(image) as painter:
        paint_border(painter, mapping, np.ones((2, 2), dtype=bool), (2, 2), QColor(255, 255, 255, 170))
    seen = {image.pixelColor(x, y).getRgb()[:3] for x in range(60) for y in range(60)} - {(200, 100, 0)}
    mixed = [round(170 + (255 - 170) / 255 * part) for part in (200, 100, 0)]
    assert len(seen) == 1
    assert np.abs(np.array(seen.pop()) - mixed).max() <= 1


def test_that_arrays_that_do_not_fit_are_no_border() -> None:
    voxels, picture = np.ones((3, 3), dtype=bool), np.zeros((4, 4), dtype=np.uint32)
    index = np.arange(-1, 4, dtype=np.int32)
    more = np.arange(-1, 5, dtype=np.int32)
    border(voxels, 0, 0, more, more, picture, 0xFFFFFFFF, 1, 0, 0, 0)
    assert picture.any()
    border(voxels, 0, 0, index, index, picture, 0xFFFFFFFF, 0, 0, 0, 0)
    for wrong in ((index[:-1], index), (index, more), (index, index.astype(np.int64))):
        with pytest.raises(ValueError, match="arrays"):
            border(voxels, 0, 0, *wrong, picture, 1, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="arrays"):
        border(voxels, 0, 0, index, index, picture, 1, -1, 1, 0, 0)


_AT_200_PERCENT = """
import sys
sys.path.insert(0, "tests/gui")
from PySide6.QtCore import QPoint
from escc_desktop.gui.app import make_application
app = make_application()
import viewing
import numpy as np
from escc_desktop.gui.viewer.slice_view import SliceView
view = SliceView()
view.resize(460, 420)
view.show()
view.set_volume(viewing.planes_of(viewing.phantom()))
view.set_window(*viewing.GREY_WINDOW)
mask = np.zeros(view.planes.hu.shape, dtype=bool)
mask[view.index, 5:9, 5:9] = True
view.set_mask(mask)
view.set_look(view.look.annotations_toggled())
image = view.grab().toImage()
assert view.devicePixelRatioF() == 2 and image.width() == 920, image.size()
for row, column in ((2, 3), (11, 17), (18, 22), (0, 0)):
    at = view.plane_to_widget(row, column)
    color = image.pixelColor((at * 2).toPoint())
    assert color.red() == color.blue() == view.planes.hu[view.index, row, column]
box = view.voxels_to_widget(slice(5, 9), slice(5, 9))
y = round(box.center().y() * 2) + 3
orange = [x for x in range(920) if image.pixelColor(x, y).red() > image.pixelColor(x, y).blue() + 150]
edges = sorted({round(box.left() * 2), round(box.right() * 2)})
assert all(min(abs(x - edge) for edge in edges) <= 2 for x in orange) and orange, (orange, edges)
print("fine")
"""


def test_that_at_200_percent_every_pixel_of_the_screen_is_used() -> None:
    env = {**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", _AT_200_PERCENT], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.endswith("fine\n"), done.stderr
