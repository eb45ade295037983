"""The slice step against napari: Labels over Image on its Qt canvas, both by turns in one process.

napari draws with OpenGL only, so this needs a screen: xvfb-run -a python benchmarks/against_napari.py [--repeats N]

It wants a virtual environment of its own, for napari brings other versions of what the program pins:

    python -m venv /tmp/napari && /tmp/napari/bin/pip install . --group benchmarks

Times are wall times: napari draws in threads of the OpenGL library.
"""

from __future__ import annotations

import os
import sys

os.environ["QT_QPA_PLATFORM"] = "xcb"

import napari
import numpy as np
from contest import Line, Wanted, json_path, race, write_lines
from PySide6.QtWidgets import QApplication

from escc_desktop.gui.app import make_application
from escc_desktop.gui.theme import apply_theme
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

SIZE = (512, 512, 400)
MIDDLE = 200


def scene() -> tuple[Volume, np.ndarray]:
    """Return noise of a chest CT's range, no two slices alike, and a ball of 30 voxels in the middle."""
    geometry = Geometry(SIZE, (0.74, 0.74, 1.0), (0.0, 0.0, 0.0))
    base = np.random.default_rng(1).normal(0, 300, geometry.shape[1:]).astype(np.int16)
    hu = np.stack([np.roll(base, 7 * z, axis=1) for z in range(SIZE[2])])
    z, y, x = np.ix_(*(np.arange(n) - n / 2 for n in geometry.shape))
    return Volume(hu, geometry), x**2 + y**2 + z**2 <= 30**2


def main() -> None:
    """Print one line a size of view."""
    words = sys.argv[1:]
    repeats = int(words[words.index("--repeats") + 1]) if "--repeats" in words else 200
    apply_theme(make_application(), "dark")
    volume, mask = scene()
    planes = VolumePlanes.of(volume, Progress())
    lines: list[Line] = []
    for side in (800, 1600):
        view = SliceView(Plane.AXIAL)
        view.resize(side, side)
        view.show()
        view.set_volume(planes)
        view.set_mask(mask)
        viewer = napari.Viewer(show=False)
        viewer.add_image(volume.hu, contrast_limits=(-135, 215))
        viewer.add_labels(mask.astype(np.uint8))
        canvas = viewer.window._qt_viewer.canvas.native  # noqa: SLF001  # napari has no other way to it
        viewer.window.resize(side + 400, side + 200)
        viewer.show()
        canvas.resize(side, side)
        QApplication.processEvents()

        def ours(turn: int, view: SliceView = view) -> None:
            view.set_index(MIDDLE - 25 + turn % 50)
            view.repaint()

        def theirs(turn: int, viewer: napari.Viewer = viewer, canvas: object = canvas) -> None:
            viewer.dims.set_current_step(0, MIDDLE - 25 + turn % 50)
            canvas.update()  # type: ignore[attr-defined]
            QApplication.processEvents()

        wanted = Wanted(ratio=0.2, by_wall=True)
        lines.append(race(f"slice step with mask, {side} px", ours, {"napari": theirs}, wanted, repeats))
        viewer.close()
        view.close()
    write_lines(lines, json_path())


if __name__ == "__main__":
    main()
