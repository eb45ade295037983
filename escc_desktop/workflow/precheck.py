"""What a look at an image, a mask and a card says before anything is extracted or judged."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.extract import make_engine
from escc_desktop.features.names import PHASE_PREFIX
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.preflight import Preflight, Severity, check_scene, inspect
from escc_desktop.features.preflight_cost import Cost, foreseen_cost
from escc_desktop.features.resample import prepare
from escc_desktop.imaging.exchange import read_mask, read_scan
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.series import Series
from escc_desktop.imaging.volume import Volume
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.card_parts import RiskGroup
from escc_desktop.prognosis.scans import deviations
from escc_desktop.prognosis.score import rad_score_of
from escc_desktop.prognosis.settings import is_of_settings, settings_of
from escc_desktop.progress import Progress
from escc_desktop.workflow.card_file import load_foreign_card
from escc_desktop.workflow.cautions import CAUTIONS
from escc_desktop.workflow.extraction import ExtractionChoice, RoiFiles

# Beyond it lie metal and padding, which no tissue is measured by.
WINDOW_HU: Final = (-1024, 1500)
_ELSEWHERE: Final = frozenset({"is_cropped", "remarks", "pixel_type"})


@dataclass(frozen=True)
class Score:
    """A Rad-score and its group, None where the card has none."""

    rad_score: float | None
    risk_group: RiskGroup | None


@dataclass(frozen=True)
class CardCheck:
    """A card on this region.

    Attributes
    ----------
    remarks
        How the image differs from those the card was trained on: a sentence, and whether it withholds a probability.
    as_it_is, within_window
        The score of this region; and with every voxel of the scan held within `WINDOW_HU`, that is without the voxel
        that scales four of the filters where it is metal or padding. None where nothing can be computed.
    """

    name: str
    digest: str
    remarks: tuple[tuple[str, bool], ...]
    as_it_is: Score | None
    within_window: Score | None


@dataclass(frozen=True)
class Precheck:
    """Everything that is known before an extraction.

    Attributes
    ----------
    cost
        None where the region cannot be extracted.
    """

    preflight: Preflight
    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    pixel_type: str
    scan: ScanFacts
    n_voxels: int
    volume_mm3: float
    engine: str
    cost: Cost | None
    card: CardCheck | None


def precheck_files(files: RoiFiles, choice: ExtractionChoice, card: Path | None, progress: Progress) -> Precheck:
    """Look at image and mask; with a card, at what its Rad-score would rest on.

    Raises
    ------
    EsccError
        A file cannot be read, or the card reads no features, or features of other settings.
    UsageError
        There is no such engine.
    Cancelled
        From `progress`.
    """
    params, model = load_params(choice.params), None if card is None else load_foreign_card(card)
    make_engine(choice.engine)
    if model is not None and not is_of_settings(model, params.digest):
        raise EsccError(
            f"{model.name} was developed on features of other settings than {params.name} ({params.digest[:12]}).",
            f"Choose the settings of the card: {settings_of(model)}.",
        )
    progress.advance(0, 4, "Reading the image")
    volume, series = read_scan(files.image, choice.accept)
    progress.advance(1, 4, "Reading the mask")
    mask = read_mask(files.mask, volume.geometry, files.label, choice.accept)
    progress.advance(2, 4, "Looking at both")
    preflight = inspect(volume, mask, params, choice.engine)
    scan = _facts(volume, preflight, series)
    is_refused = any(finding.severity is Severity.REFUSE for finding in preflight.findings)
    checked = None
    if model is not None:
        scores = (None, None) if is_refused else _scores(model, (volume, mask), params, choice.engine, progress)
        checked = CardCheck(model.name, model.digest, _remarks(model, scan), *scores)
    progress.advance(4, 4)
    return Precheck(
        preflight=preflight,
        size=volume.geometry.size,
        spacing_mm=volume.geometry.spacing_mm,
        pixel_type=volume.hu.dtype.name,
        scan=scan,
        n_voxels=mask.n_voxels,
        volume_mm3=mask.volume_mm3,
        engine=choice.engine,
        cost=None if is_refused else foreseen_cost(volume, mask, params, choice.engine),
        card=checked,
    )


def _facts(volume: Volume, preflight: Preflight, series: Series | None) -> ScanFacts:
    header = {} if series is None else {**asdict(series.acquisition), "phase": series.phase.name}
    return ScanFacts.of({
        "spacing_mm": list(volume.geometry.spacing_mm),
        "extreme_hu": preflight.extreme.hu if preflight.extreme else None,
        "findings": list(preflight.codes),
        "acquisition": header,
    })  # fmt: skip


def _remarks(card: ModelCard, scan: ScanFacts) -> tuple[tuple[str, bool], ...]:
    return tuple(
        (f"{CAUTIONS[code].removesuffix('.')}: {detail}." if detail else CAUTIONS[code], withholds)
        for code, detail, withholds in deviations(card, [scan])
    )


def _scores(
    card: ModelCard, region: tuple[Volume, Mask], params: ExtractionParams, engine: str, progress: Progress
) -> tuple[Score, Score]:
    """Return the score as it is, and with the whole scan held within the window."""
    if not card.feature_names:
        raise EsccError(f"{card.name} reads no features of images.", "Choose the card of the Rad-score.")
    volume, mask = region
    names = frozenset(name.removeprefix(PHASE_PREFIX) for name in card.feature_names)
    lowest, highest = WINDOW_HU
    windowed = Volume(np.clip(volume.hu, max(lowest, _smallest(volume)), highest), volume.geometry)
    scores = []
    for step, (what, scan) in enumerate((("The card's features", volume), ("Within -1024 to 1500 HU", windowed))):
        scene = prepare(scan, mask, params)
        check_scene(scene, params)
        part = progress.part((2 + step) / 4, (3 + step) / 4)
        part.advance(0, 1, what)
        computed = make_engine(engine).compute(scene, params, part, names)
        values = {f"{PHASE_PREFIX}{name}": value for name, value in computed.values.items()}
        scores.append(Score(*rad_score_of(card, values)))
    return scores[0], scores[1]


def _smallest(volume: Volume) -> int:
    """Return the smallest whole number the voxels can hold; unsigned ones hold nothing below 0."""
    is_whole = np.issubdtype(volume.hu.dtype, np.integer)
    return int(np.iinfo(volume.hu.dtype).min) if is_whole else WINDOW_HU[0]


def precheck_document(found: Precheck) -> dict[str, Any]:
    """Return what was found, ready for JSON."""
    extreme, card = found.preflight.extreme, found.card
    return {
        "findings": [asdict(finding) for finding in found.preflight.findings],
        "image": {
            "size": list(found.size),
            "spacing_mm": list(found.spacing_mm),
            "pixel_type": found.pixel_type,
            **{name: value for name, value in asdict(found.scan).items() if name not in _ELSEWHERE},
        },
        "region": {"voxels": found.n_voxels, "volume_mm3": found.volume_mm3},
        "extreme": None
        if extreme is None
        else {
            "hu": extreme.hu,
            "index_xyz": list(extreme.index_xyz),
            "position_mm": list(extreme.place.position_mm),
        },
        "grey_levels": found.preflight.levels,
        "engine": found.engine,
        "cost": None if found.cost is None else asdict(found.cost),
        "card": None
        if card is None
        else {
            "name": card.name,
            "digest": card.digest,
            "remarks": [{"what": what, "withholds": withholds} for what, withholds in card.remarks],
            "as_it_is": None if card.as_it_is is None else asdict(card.as_it_is),
            "window_hu": list(WINDOW_HU),
            "within_window": None if card.within_window is None else asdict(card.within_window),
        },
    }


def precheck_text(found: Precheck) -> str:
    """Return what was found, for people."""
    size, spacing = (" x ".join(f"{number:.4g}" for number in numbers) for numbers in (found.size, found.spacing_mm))
    lines = [
        f"image    {size} voxels of {spacing} mm, {found.pixel_type}",
        f"lesion   {found.n_voxels:,} voxels, {found.volume_mm3 / 1000:.3g} mL",
    ]
    extreme = found.preflight.extreme
    if extreme is not None:
        lines.append(f"largest  {extreme.hu:g} HU in absolute value, at {extreme.place}: scales four filters")
        levels = ", ".join(f"{name} {count}" for name, count in found.preflight.levels.items())
        lines.append(f"levels   {levels}")
    if found.cost is not None:
        lines.append(f"needs    {found.cost} with the engine {found.engine}")
    lines += [f"{finding.severity:8} {finding}" for finding in found.preflight.findings]
    if not found.preflight.findings:
        lines.append("ok       Nothing is odd about image and lesion.")
    return "\n".join([*lines, *_card_lines(found.card)])


def _card_lines(card: CardCheck | None) -> list[str]:
    if card is None:
        return []
    lines = [f"card     {card.name}"]
    if card.as_it_is is not None and card.within_window is not None:
        lowest, highest = WINDOW_HU
        lines.append(f"score    {_score_words(card.as_it_is)}")
        lines.append(f"without  {_score_words(card.within_window)} with the scan held within {lowest} to {highest} HU")
    return lines + [f"{'withhold' if withholds else 'caution':8} {what}" for what, withholds in card.remarks]


def _score_words(score: Score) -> str:
    if score.rad_score is None:
        return "the card has no Rad-score"
    return f"Rad-score {score.rad_score:.4f}" + (f", {score.risk_group}" if score.risk_group else "")
