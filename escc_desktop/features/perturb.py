"""The same lesion as it might have been imaged and drawn another time.

In the manner of Zwanenburg A, Leger S, Agolli L et al., "Assessing robustness of radiomic features by image
perturbation", Sci Rep 2019;9:614: noise (N), rotation (R), translation (T), volume adaptation (V) and contour
randomisation (C), alone or as a chain. Always in this order: noise on the grid of the scan, then turn and shift in one
interpolation, then the volume, then the outline.

Only a box around the lesion is changed, as wide as the widest filter reaches; the rest of the scan, and with it the
largest absolute value that scales four of the filtered images, stays as it is unless it lies in the box.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pywt
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features.outline import redrawn, resized, supervoxels
from escc_desktop.features.rigid import Move, move_image, move_mask
from escc_desktop.files import canonical_json, digest
from escc_desktop.imaging.mask import Mask, Region, bounding_box
from escc_desktop.imaging.volume import Volume

LETTERS: Final = "NRTVC"
DEFAULT_CHAIN: Final = "NTVC"
# Raised whenever the same recipe gives other voxels.
VERSION: Final = 1
MAX_ATTEMPTS: Final = 20
MIN_VOXELS: Final = 8
# How far an outline may move outwards, and how much of the surroundings the noise is measured on.
REACH_MM: Final = 10.0
# The trimmed LoG reads 12 standard deviations and two voxels.
_FILTER_WIDTHS: Final = 12.0
_FILTER_VOXELS: Final = 2
# Median absolute deviation of a standard normal distribution.
_MAD_OF_NORMAL: Final = 0.6744897501960817


@dataclass(frozen=True)
class Amplitudes:
    """How strong each perturbation is; values are drawn uniformly between the bounds.

    Attributes
    ----------
    angle_deg
        Turn in the slice plane, either way (R).
    shift_voxels
        Shift along each axis, either way, in voxels (T): a half reaches every position between two voxels.
    noise
        Standard deviation of the added noise as a multiple of the noise estimated in the image (N).
    growth
        Share of the voxels added or taken away (V).
    """

    angle_deg: float = 6.0
    shift_voxels: float = 0.5
    noise: float = 1.0
    growth: float = 0.2

    def __post_init__(self) -> None:
        bounds = {"angle_deg": 45.0, "shift_voxels": 1.0, "noise": 10.0, "growth": 0.5}
        for name, highest in bounds.items():
            value = getattr(self, name)
            if not 0 <= value <= highest:
                raise UsageError(f"The amplitude {name} is {value:g}; it lies between 0 and {highest:g}.")


@dataclass(frozen=True)
class Recipe:
    """How lesions are perturbed: the same recipe, lesion and number give the same voxels.

    Attributes
    ----------
    chain
        Letters of the perturbations done one after the other, out of NRTVC.
    amplitudes
        How strong they are.
    seed
        Of all draws.
    reach_mm
        How far the filters read beyond the lesion: twelve times the widest LoG.
    """

    chain: str
    amplitudes: Amplitudes
    seed: int
    reach_mm: float

    @classmethod
    def of(cls, chain: str, seed: int, log_sigma_mm: list[float], amplitudes: Amplitudes | None = None) -> Recipe:
        """Return the recipe of a chain for features with these LoG widths.

        Raises
        ------
        UsageError
            The chain has no letters, unknown or repeated ones, or the seed is negative.
        """
        letters = chain.upper()
        if not letters or set(letters) - set(LETTERS) or len(set(letters)) < len(letters):
            raise UsageError(
                f"{chain!r} is no chain of perturbations.",
                "Use each letter once: N noise, R rotation, T translation, V volume, C contour; such as NTVC.",
            )
        if seed < 0:
            raise UsageError(f"The seed {seed} is negative.", "Give 0 or more.")
        ordered = "".join(letter for letter in LETTERS if letter in letters)
        return cls(ordered, amplitudes or Amplitudes(), seed, _FILTER_WIDTHS * max(log_sigma_mm))

    @property
    def document(self) -> dict[str, Any]:
        """The recipe for a sidecar; JSON types only."""
        return {**asdict(self), "version": VERSION}

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over all of it."""
        return digest(canonical_json(self.document))


@dataclass(frozen=True)
class Draw:
    """What one perturbation does; zero where its chain lacks the letter."""

    noise: float
    angle_deg: float
    shift: tuple[float, float, float]
    growth: float


def draw(recipe: Recipe, lesion: str, number: int, attempt: int = 0) -> Draw:
    """Return the amounts of a lesion's perturbation; each letter draws from a stream of its own."""
    size = recipe.amplitudes
    angle = _stream(recipe, lesion, number, attempt, "R").uniform(-size.angle_deg, size.angle_deg)
    shift = _stream(recipe, lesion, number, attempt, "T").uniform(-size.shift_voxels, size.shift_voxels, 3)
    growth = _stream(recipe, lesion, number, attempt, "V").uniform(-size.growth, size.growth)
    return Draw(
        noise=size.noise if "N" in recipe.chain else 0.0,
        angle_deg=float(angle) if "R" in recipe.chain else 0.0,
        shift=(float(shift[0]), float(shift[1]), float(shift[2])) if "T" in recipe.chain else (0.0, 0.0, 0.0),
        growth=float(growth) if "V" in recipe.chain else 0.0,
    )


def perturbed(volume: Volume, mask: Mask, recipe: Recipe, number: int) -> tuple[Volume, Mask]:
    """Return a lesion as it might have been imaged and drawn another time.

    Parameters
    ----------
    volume, mask
        The scan and the lesion on its grid.
    recipe
        What is done.
    number
        Which of the recipe's perturbations, from 0; a longer run begins with those of a shorter one.

    Returns
    -------
    Volume, Mask
        In the scan's pixel type, integers rounded; the very volume given where nothing changes it. The draw depends on
        the lesion (by its mask's digest), the recipe and the number alone.

    Raises
    ------
    EsccError
        The lesion is empty, or no outline was left of it in any of 20 draws: one that is left with fewer than 8 voxels
        or with less than two voxels along two axes is drawn anew.
    """
    if mask.is_empty:
        raise EsccError("The mask is empty: draw or load a lesion.")
    for attempt in range(MAX_ATTEMPTS):
        scene = _Scene(volume, mask, recipe, number, attempt)
        image, outline = scene.perturb()
        if _is_enough(outline):
            return image, Mask(outline, mask.geometry)
    raise EsccError(
        f"The lesion of {mask.n_voxels} voxels is too small to be perturbed: nothing was left of it"
        f" {MAX_ATTEMPTS} times.",
        "Leave it out, or use a smaller amplitude.",
    )


def noise_sd(values: NDArray[Any]) -> float:
    """Estimate the noise of an image: median absolute deviation of its finest diagonal wavelet band (Chang 2000).

    coif1, undecimated, along every axis of at least its six taps; white noise keeps its standard deviation, the
    noise of a CT, whose neighbouring voxels are correlated, comes out smaller than it is.
    """
    high = np.array(pywt.Wavelet("coif1").dec_hi)
    band = values.astype(np.float64)
    axes = [axis for axis, length in enumerate(values.shape) if length >= high.size]
    for axis in axes:
        band = ndimage.convolve1d(band, high, axis)
        # Without the ends, which the filter could only see in part.
        band = band.take(range(high.size // 2, values.shape[axis] - high.size // 2 + 1), axis)
    return float(np.median(np.abs(band))) / _MAD_OF_NORMAL if axes else 0.0


def _stream(recipe: Recipe, lesion: str, number: int, attempt: int, letter: str) -> np.random.Generator:
    words = [int(lesion[start : start + 8], 16) for start in range(0, 32, 8)]
    return np.random.default_rng([recipe.seed, number, attempt, *letter.encode(), *words])


def _is_enough(voxels: NDArray[np.bool_]) -> bool:
    box = bounding_box(voxels)
    return bool(np.count_nonzero(voxels) >= MIN_VOXELS) and sum(part.stop - part.start > 1 for part in box) >= 2


def _widened(box: Region, margin: tuple[int, int, int], shape: tuple[int, ...]) -> Region:
    z, y, x = (
        slice(max(0, part.start - more), min(length, part.stop + more))
        for part, more, length in zip(box, margin, shape, strict=True)
    )
    return z, y, x


def _within(inner: Region, outer: Region) -> Region:
    z, y, x = (
        slice(part.start - whole.start, part.stop - whole.start) for part, whole in zip(inner, outer, strict=True)
    )
    return z, y, x


class _Scene:
    """One attempt at one perturbation."""

    def __init__(self, volume: Volume, mask: Mask, recipe: Recipe, number: int, attempt: int) -> None:
        self._volume, self._mask, self._recipe = volume, mask, recipe
        self._spacing = volume.geometry.spacing_mm
        self._draw = draw(recipe, mask.digest, number, attempt)
        self._rng: Callable[[str], np.random.Generator] = lambda letter: _stream(
            recipe, mask.digest, number, attempt, letter
        )
        _, rows, columns = np.nonzero(mask.voxels[mask.bounding_box])
        _, y, x = mask.bounding_box
        centre = (y.start + float(rows.mean()), x.start + float(columns.mean()))
        self._move = Move(self._draw.angle_deg, self._draw.shift, centre)

    def perturb(self) -> tuple[Volume, NDArray[np.bool_]]:
        """Return the image, and the outline (empty if nothing is left)."""
        voxels = self._resized(self._moved_mask())
        box = bounding_box(voxels)
        if box[0].stop == 0:
            return self._volume, voxels
        around = _widened(box, self._voxels_of(REACH_MM), voxels.shape)
        image = self._image(_widened(around, self._voxels_of(self._recipe.reach_mm, _FILTER_VOXELS), voxels.shape))
        if "C" in self._recipe.chain:
            segments = supervoxels(image.hu[around].astype(np.float64), voxels[around], self._spacing)
            voxels[around] = redrawn(segments, voxels[around], self._rng("C"))
        return image, voxels

    def _voxels_of(self, margin_mm: float, more: int = 0) -> tuple[int, int, int]:
        z, y, x = (int(np.ceil(margin_mm / spacing)) + more for spacing in self._spacing[::-1])
        return z, y, x

    def _in_plane(self, margin_mm: float) -> tuple[int, int, int]:
        """Return a margin within the slices, with room for a shift and the interpolation along every axis."""
        _, y, x = self._voxels_of(margin_mm, 3)
        return 3, y, x

    def _moved_mask(self) -> NDArray[np.bool_]:
        box, shape = self._mask.bounding_box, self._mask.voxels.shape
        _, y, x = box
        far_mm = float(np.hypot((y.stop - y.start) * self._spacing[1], (x.stop - x.start) * self._spacing[0]))
        swing_mm = far_mm * np.sin(np.radians(abs(self._draw.angle_deg)))
        target = _widened(box, self._in_plane(swing_mm), shape)
        moved = np.zeros(shape, dtype=np.bool_)
        source = _widened(target, self._in_plane(swing_mm), shape)
        row, column = self._move.centre_yx
        local = Move(self._move.angle_deg, self._move.shift, (row - source[1].start, column - source[2].start))
        moved[target] = move_mask(self._mask.voxels[source], local, _within(target, source), self._spacing)
        return moved

    def _resized(self, voxels: NDArray[np.bool_]) -> NDArray[np.bool_]:
        n_voxels = int(np.count_nonzero(voxels))
        n_change = round(self._draw.growth * n_voxels)
        if n_voxels == 0 or n_change == 0:
            return voxels
        around = _widened(bounding_box(voxels), self._voxels_of(REACH_MM), voxels.shape)
        room = voxels[around].size - n_voxels
        changed = voxels.copy()
        changed[around] = resized(voxels[around], min(n_change, room), self._spacing, self._rng("V ties"))
        return changed

    def _image(self, box: Region) -> Volume:
        draws = self._draw
        is_moved = draws.angle_deg != 0 or any(draws.shift)
        if not is_moved and draws.noise == 0:
            return self._volume
        hu = self._volume.hu
        # Room for what the interpolation of the box reads, so that noise is drawn for it too.
        source = _widened(box, self._swing(box), hu.shape)
        # Half the memory, and exact enough for whole HU.
        is_short = np.issubdtype(hu.dtype, np.integer) and hu.dtype.itemsize <= 2
        values: NDArray[Any] = hu[source].astype(np.float32 if is_short else np.float64)
        if draws.noise:
            near = _widened(self._mask.bounding_box, self._voxels_of(REACH_MM), hu.shape)
            sd, rng = draws.noise * noise_sd(hu[near]), self._rng("N")
            for number in range(len(values)):
                values[number] += sd * rng.standard_normal(values[number].shape)
        row, column = self._move.centre_yx
        local = Move(draws.angle_deg, draws.shift, (row - source[1].start, column - source[2].start))
        moved = move_image(values, local, _within(box, source), self._spacing)
        del values
        changed = hu.copy()
        changed[box] = _as_type(moved, hu.dtype)
        return Volume(changed, self._volume.geometry)

    def _swing(self, box: Region) -> tuple[int, int, int]:
        """Return by how many voxels the pixels of a box come from beyond it."""
        turn = np.radians(abs(self._draw.angle_deg))
        _, y, x = box
        wide = float(np.hypot((y.stop - y.start) * self._spacing[1], (x.stop - x.start) * self._spacing[0]))
        reach = 2 * wide * float(np.sin(turn / 2))
        return self._in_plane(reach)


def _as_type(values: NDArray[np.floating], kind: np.dtype[Any]) -> NDArray[Any]:
    if not np.issubdtype(kind, np.integer):
        return values.astype(kind)
    limits = np.iinfo(kind)
    np.rint(values, out=values)
    np.clip(values, limits.min, limits.max, out=values)
    return values.astype(kind)
