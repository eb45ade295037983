"""A printed figure on screen: crisp on any screen, dark in the dark theme, to be copied, saved and explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shiboken6
from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QSizePolicy, QVBoxLayout, QWidget

from escc_desktop.files import write_whole
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID, RADIUS, current_tokens, is_dark
from escc_desktop.gui.widgets.text import icon_button, label, row
from escc_desktop.i18n import _

PX_PER_MM = 4.4
"""The figures' printed text, 8.5 points, is then as large as the body text."""


@dataclass(frozen=True, eq=False)
class PrintedFigure:
    """A figure as files; the PNG among them has enough pixels for print.

    Attributes
    ----------
    files
        By suffix, ".png" always.
    title, caption
        For people who cannot see it, and for those who ask how to read it.
    """

    name: str
    title: str
    caption: str
    width_mm: float
    height_mm: float
    files: Mapping[str, bytes]

    @property
    def png(self) -> bytes:
        """What is shown."""
        return self.files[".png"]


def render(png: bytes, size: QSize, dark: tuple[str, str] | None) -> QImage:
    """Return a picture at a size in pixels of the screen.

    Parameters
    ----------
    dark
        Colours of the ground and of the text: lightness is inverted between them and hues stay. None leaves the
        picture as printed.
    """
    printed = QImage.fromData(QByteArray(png)).convertToFormat(QImage.Format.Format_RGB32)
    fitted = printed.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    if dark is None:
        return fitted
    pixels = np.frombuffer(fitted.constBits(), dtype=np.uint8).reshape(size.height(), fitted.bytesPerLine() // 4, 4)
    colors = pixels[..., :3].astype(np.int16)
    # Adding the same to all three channels keeps hue and chroma; this much turns lightness l into 1 - l.
    colors += (255 - colors.max(axis=2) - colors.min(axis=2))[..., None]
    ground, ink = (np.array(QColor(one).getRgb()[2::-1], dtype=np.int32) for one in dark)  # type: ignore[index]
    inverted = np.full_like(pixels, 255)
    inverted[..., :3] = ground + colors * (ink - ground) // 255
    return QImage(
        inverted.tobytes(), size.width(), size.height(), fitted.bytesPerLine(), QImage.Format.Format_RGB32
    ).copy()


class _Picture(QWidget):
    """Asks for pixels when it is on screen at a size, a ratio or in a theme it has none for."""

    wanted = Signal()

    def __init__(self, figure: PrintedFigure) -> None:
        super().__init__()
        self._natural = QSize(round(figure.width_mm * PX_PER_MM), round(figure.height_mm * PX_PER_MM))
        self.image: QImage | None = None
        self.made_for: tuple[object, ...] = ()
        self.setMaximumWidth(self._natural.width())
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(figure.title)

    def sizeHint(self) -> QSize:
        return self._natural

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(min(width, self._natural.width()) * self._natural.height() / self._natural.width())

    @property
    def needed(self) -> tuple[QSize, bool]:
        """Size in pixels of the screen, and whether dark."""
        ratio = self.devicePixelRatioF()
        width = round(self.width() * ratio)
        return QSize(width, round(width * self._natural.height() / self._natural.width())), is_dark()

    def paintEvent(self, event: QPaintEvent) -> None:
        size, dark = self.needed
        if self.made_for != (size.width(), dark):
            self.wanted.emit()
        with QPainter(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        if self.image is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current_tokens().color("panel"))
            painter.drawRoundedRect(self.rect(), RADIUS, RADIUS)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            self.image.setDevicePixelRatio(self.image.width() / max(self.width(), 1))
            painter.drawImage(0, 0, self.image)


class FigureView(QFrame):
    """One figure with its tools below it."""

    def __init__(self, desktop: Desktop, figure: PrintedFigure) -> None:
        super().__init__()
        self._desktop = desktop
        self.figure = figure
        self.picture = _Picture(figure)
        self.picture.wanted.connect(self._render)
        self._asked: tuple[object, ...] = ()
        self.copy_button = icon_button("copy", _("Copy the figure"))
        self.save_button = icon_button("save", _("Save the figure"))
        self.explain_button = icon_button("info", _("How to read it"), checkable=True)
        self.caption = label(figure.caption, tone="secondary", wrap=True)
        self.setMaximumWidth(self.picture.maximumWidth())
        self.caption.hide()
        self.copy_button.clicked.connect(self.copy)
        self.save_button.clicked.connect(self._ask_where)
        self.explain_button.toggled.connect(self.caption.setVisible)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, GRID)
        column.setSpacing(GRID // 2)
        column.addWidget(self.picture)
        column.addWidget(row(self.copy_button, self.save_button, self.explain_button, None, spacing=0))
        column.addWidget(self.caption)

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        self.picture.update()

    def copy(self) -> None:
        """Put the print version on the clipboard, as a picture."""
        self._desktop.tasks.run(
            _("Copying the figure"), _decode, self.figure.png, answers=Answers(then=self._to_clipboard), quiet=True
        )

    def save_to(self, path: Path) -> None:
        """Write the print version; the name's ending decides between SVG, PDF and PNG."""
        target = path if path.suffix.lower() in self.figure.files else path.with_name(f"{path.name}.svg")
        data = self.figure.files[target.suffix.lower()]
        self._desktop.tasks.run(
            _("Saving the figure"), _write, target, data, answers=Answers(then=self._saved), quiet=True
        )

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, _("Save the figure"), f"{self.figure.name}.svg")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        known = {
            ".svg": _("Vector graphics (*.svg)"),
            ".pdf": _("Vector graphics, as journals take them (*.pdf)"),
            ".png": _("Picture, 300 dpi (*.png)"),
        }
        dialog.setNameFilters([words for suffix, words in known.items() if suffix in self.figure.files])
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name)))
        dialog.open()

    def _saved(self, path: Path) -> None:
        self._desktop.notices.say(_("Saved as {name}.").format(name=path.name), tone=Tone.SUCCESS)

    def _to_clipboard(self, image: QImage) -> None:
        # Not as our own QMimeData with the SVG beside it: the clipboard outlives the interpreter and crashes on it.
        QGuiApplication.clipboard().setImage(image)
        self._desktop.notices.say(_("The figure is on the clipboard."))

    def _render(self) -> None:
        size, dark = self.picture.needed
        key = (size.width(), dark)
        if key == self._asked or size.isEmpty():
            return
        self._asked = key
        tokens = current_tokens()
        colors = (tokens.panel, tokens.text) if dark else None

        def show(image: QImage) -> None:
            if shiboken6.isValid(self) and self._asked == key:
                self.picture.image, self.picture.made_for = image, key
                self.picture.update()

        self._desktop.tasks.run(
            _("Drawing"), _rendered, self.figure.png, size, colors, answers=Answers(then=show), quiet=True
        )


def _rendered(png: bytes, size: QSize, dark: tuple[str, str] | None, progress: object) -> QImage:
    return render(png, size, dark)


def _decode(png: bytes, progress: object) -> QImage:
    return QImage.fromData(QByteArray(png))


def _write(path: Path, data: bytes, progress: object) -> Path:
    write_whole(path, data)
    return path
