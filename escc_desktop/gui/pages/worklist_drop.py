"""Files dropped anywhere on a page."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QWidget

from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _


class DropArea(QObject):
    """Takes files dropped on a widget and says so while they hover over it.

    Attributes
    ----------
    dropped
        A list of paths.
    """

    dropped = Signal(object)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self.veil: QLabel = label(_("Drop to import"), size="title")
        self.veil.setParent(widget)
        self.veil.setObjectName("worklist_drop_veil")
        self.veil.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.veil.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.veil.hide()
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is dragged over the widget."""
        kind = event.type()
        if kind in {QEvent.Type.DragEnter, QEvent.Type.DragMove}:
            assert isinstance(event, QDragEnterEvent | QDragMoveEvent)
            return self._hover(event)
        if kind == QEvent.Type.DragLeave:
            self.veil.hide()
            return True
        if kind == QEvent.Type.Drop:
            assert isinstance(event, QDropEvent)
            return self._drop(event)
        return super().eventFilter(watched, event)

    def _hover(self, event: QDragMoveEvent) -> bool:
        if not paths_of(event.mimeData()):
            return False
        event.acceptProposedAction()
        self.veil.setGeometry(self._widget.rect())
        self.veil.raise_()
        self.veil.show()
        return True

    def _drop(self, event: QDropEvent) -> bool:
        self.veil.hide()
        paths = paths_of(event.mimeData())
        if not paths:
            return False
        event.acceptProposedAction()
        self.dropped.emit(paths)
        return True


def paths_of(data: QMimeData) -> list[Path]:
    """Return the files and folders of this machine that are being dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
