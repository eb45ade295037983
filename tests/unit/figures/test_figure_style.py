from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from escc_desktop.errors import UsageError
from escc_desktop.figures import forest, style
from escc_desktop.figures.words import Interval

ROWS = [forest.HazardRow("LDH", Interval(6.78, 1.5, 30.8), 0.013, "250 U/L or more against below")]


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_that_the_same_data_gives_the_same_bytes(suffix: str) -> None:
    first = style.image_bytes(forest.hazard_ratios(ROWS), suffix)
    assert first == style.image_bytes(forest.hazard_ratios(ROWS), suffix)


def test_that_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from escc_desktop.figures import forest, style\n"
        "from escc_desktop.figures.words import Interval\n"
        "rows = [forest.HazardRow('LDH', Interval(6.78, 1.5, 30.8), 0.013, '250 U/L or more against below')]\n"
        f"style.save(forest.hazard_ratios(rows), Path({str(tmp_path / 'other.svg')!r}))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    style.save(forest.hazard_ratios(ROWS), tmp_path / "here.svg")
    assert (tmp_path / "here.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_that_no_date_and_no_program_version_is_written(suffix: str) -> None:
    data = style.image_bytes(forest.hazard_ratios(ROWS), suffix)
    for trace in (b"CreationDate", b"<dc:date>", b"Software", mpl.__version__.encode()):
        assert trace not in data


def test_that_the_style_of_the_process_neither_shows_nor_changes() -> None:
    expected = style.image_bytes(forest.hazard_ratios(ROWS), ".svg")
    with mpl.rc_context({"font.size": 30, "axes.edgecolor": "red", "text.parse_math": True}):
        assert style.image_bytes(forest.hazard_ratios(ROWS), ".svg") == expected
        assert mpl.rcParams["font.size"] == 30


def test_that_an_unknown_format_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be saved as \.gif"):
        style.save(forest.hazard_ratios(ROWS), tmp_path / "figure.gif")
    assert not list(tmp_path.iterdir())


def test_that_drawing_opens_no_window_and_needs_no_pyplot() -> None:
    code = (
        "import sys\n"
        "from escc_desktop.figures import agreement, nomogram, performance, response, roi, score, selection, survival\n"
        "from escc_desktop.figures import style\n"
        "style.image_bytes(style.saying('A', 'b'))\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_that_chinese_letters_are_drawn_without_complaint() -> None:
    figure = style.saying("动脉期", "没有数据")
    assert style.image_bytes(figure, ".png") != style.image_bytes(style.saying("", "没有数据"), ".png")
