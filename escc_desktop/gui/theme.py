"""The look: tokens of `resources/theme` turned into palette, style sheet and fonts."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from string import Template
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleHintReturn, QStyleOption, QWidget

from escc_desktop.resources import resource_path

FAMILY: Final = "Noto Sans CJK SC"
GRID: Final = 8
BODY_PX: Final = 13
CAPTION_PX: Final = 11
HEADING_PX: Final = 16
TITLE_PX: Final = 22
RADIUS: Final = 6
TIP_MS: Final = 500
# Okabe and Ito 2008: told apart by colour-blind readers too.
OKABE_ITO: Final = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")


@dataclass(frozen=True)
class Tokens:
    """Colours of one theme by meaning, as ``#rrggbb``."""

    background: str
    panel: str
    raised: str
    hover: str
    line: str
    text: str
    secondary: str
    disabled: str
    accent: str
    on_accent: str
    selection: str
    warning: str
    danger: str
    success: str

    def color(self, name: str) -> QColor:
        """Return a token as a colour to paint with."""
        return QColor(getattr(self, name))


class HouseStyle(QProxyStyle):
    """A style of Qt whose tool tips come after half a second."""

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,
    ) -> int:
        """Return what the style has, save for the delay of tool tips."""
        if hint == QStyle.StyleHint.SH_ToolTip_WakeUpDelay:
            return TIP_MS
        return super().styleHint(hint, option, widget, returnData)


def load_tokens(theme: str) -> Tokens:
    """Return the colours of a theme."""
    document = tomllib.loads(resource_path("theme", "tokens.toml").read_text(encoding="utf-8"))
    return Tokens(**document[theme])


def current_tokens() -> Tokens:
    """Return the colours of the theme in force; for widgets that paint themselves, asked at every painting."""
    application = QApplication.instance()
    tokens = application.property("tokens") if application is not None else None
    return tokens if isinstance(tokens, Tokens) else load_tokens("dark")


def shown_theme(choice: str) -> str:
    """Return "dark" or "light" for what a person chose; "system" is what the desktop has now."""
    if choice != "system":
        return choice
    return "light" if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light else "dark"


def apply_theme(application: QApplication, choice: str) -> None:
    """Give the whole program a theme; everything on screen follows at once."""
    theme = shown_theme(choice)
    if application.property("theme") == theme and application.styleSheet():
        return
    tokens = load_tokens(theme)
    application.setProperty("tokens", tokens)
    application.setProperty("theme", theme)
    # Where a sheet is in force already, Qt would style every widget once for each of the widgets it lies in.
    application.setStyleSheet("")
    application.setPalette(_palette(tokens))
    application.setStyleSheet(_style_sheet(tokens, theme))


def is_dark() -> bool:
    """Return whether the dark theme is in force."""
    application = QApplication.instance()
    return application is None or application.property("theme") != "light"


def load_fonts(application: QApplication) -> None:
    """Load the shipped face, Latin and Chinese, and make it the program's."""
    # Qt has FreeType darken the stems of such faces, which makes regular text look bold; read with the first face.
    os.environ.setdefault("FREETYPE_PROPERTIES", "cff:darkening-parameters=500,0,1000,0,2000,0,2500,0")
    for name in ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf"):
        QFontDatabase.addApplicationFont(str(resource_path("fonts", name)))
    application.setFont(face(BODY_PX))


def face(pixels: int, *, bold: bool = False) -> QFont:
    """Return the program's face in a size; its figures all have one width."""
    font = QFont(FAMILY)
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font


def _palette(tokens: Tokens) -> QPalette:
    palette, role = QPalette(), QPalette.ColorRole
    for part, name in (
        (role.Window, "background"),
        (role.WindowText, "text"),
        (role.Base, "panel"),
        (role.AlternateBase, "raised"),
        (role.Text, "text"),
        (role.Button, "raised"),
        (role.ButtonText, "text"),
        (role.BrightText, "danger"),
        (role.Highlight, "selection"),
        (role.HighlightedText, "text"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.PlaceholderText, "secondary"),
        (role.Link, "accent"),
        (role.LinkVisited, "accent"),
        (role.Mid, "line"),
        (role.Dark, "line"),
        (role.Light, "raised"),
        (role.Accent, "accent"),
    ):
        palette.setColor(part, tokens.color(name))
    for part in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, part, tokens.color("disabled"))
    return palette


def _style_sheet(tokens: Tokens, theme: str) -> str:
    source = resource_path("theme", "style.qss").read_text(encoding="utf-8")
    names = {one.name: getattr(tokens, one.name) for one in fields(Tokens)}
    icons = resource_path("theme", theme).as_posix()
    return Template(source).substitute(
        names,
        family=FAMILY,
        body=BODY_PX,
        caption=CAPTION_PX,
        heading=HEADING_PX,
        title=TITLE_PX,
        radius=RADIUS,
        icons=icons,
    )
