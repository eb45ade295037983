"""Judge the screen with the installed program's window by its pixels, and keep it as PNG to look at."""

from __future__ import annotations

import sys

import numpy as np
from PIL import ImageGrab

# The window is dark with light words and something in the accent; one that failed to paint has a single colour.
GROUND = 0x30
ACCENT = (0x4A, 0xA3, 0xFF)


def main() -> None:
    """Exit with 1 unless the picture has the program's ground, its accent and its words."""
    left, top, width, height = (int(word) for word in sys.argv[2:6])
    picture = ImageGrab.grab(bbox=(left, top, left + width, top + height), xdisplay="").convert("RGB")
    picture.save(sys.argv[1])
    pixels = np.asarray(picture)
    ground, accent = float((pixels.max(axis=2) < GROUND).mean()), _share(pixels, ACCENT)
    light = float((pixels.min(axis=2) > 180).mean())
    print(f"  {width} x {height}: ground {ground:.0%}, accent {accent:.2%}, words {light:.2%}")
    raise SystemExit(not (0.5 < ground < 0.999 and accent > 0.0005 and 0.0005 < light < 0.3))


def _share(pixels: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((np.abs(pixels.astype(np.int16) - colour).max(axis=2) <= 6).mean())


if __name__ == "__main__":
    main()
