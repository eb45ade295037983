"""From a stroke to the Rad-score of what is drawn: synthetic thorax 512x512x300, 30 mm lesion, twelve strokes.

Usage: python benchmarks/live_signature.py

Three cards: the paper's six features, twenty of as many images, and all 1,874. Seconds by the clock and of the CPU,
from the snapshot of the region to the score; 0.3 s is the aim for the first two. Beside it a whole extraction.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from thorax import thorax

from escc_desktop.features.fast import Fast
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.mask import Mask, MaskEdit
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.prognosis.card import ModelCard, RadScore, Scaling, Term, finished, load_card
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import LesionSite
from escc_desktop.reading.session import Occasion, Reader, Roi
from escc_desktop.resources import resource_path
from escc_desktop.workflow.live_signature import LiveSignature, SignedCopy

GEOMETRY = Geometry((512, 512, 300), (0.75, 0.75, 1.0), (0.0, 0.0, 0.0))
AIM_S = 0.3
STROKES = 12


def card_of(names: Sequence[str]) -> ModelCard:
    """Return a card that adds up features."""
    scaling = Scaling(mean=0.0, sd=1.0)
    terms = tuple(Term(source="feature", name=name, coefficient=1.0, scaling=scaling) for name in names)
    return finished(
        kind="radscore",
        name="Benchmark",
        usage="patient",
        source="",
        endpoint="os",
        horizon_months=12.0,
        patient_value="largest",
        rad_score=RadScore(terms=terms),
    )


def strokes(live: LiveSignature) -> Iterator[None]:
    """Paint and erase squares at the lesion, by turns."""
    rng, box = np.random.default_rng(1), live.signed_mask.bounding_box
    for number in range(STROKES):
        z, y, x = (int(rng.integers(part.start, part.stop)) for part in box)
        before = live.contour.history.voxels
        after = before.copy()
        after[z, y : y + 8, x : x + 8] = number % 2 == 0
        live.contour.edit("brush", z, MaskEdit.between(before, after, "brush", z))
        yield


def measure(name: str, copy: SignedCopy) -> None:
    """Print what a card costs."""
    began = time.perf_counter()
    live = LiveSignature(copy, Progress())
    opening = time.perf_counter() - began
    clock, cpu = [], []
    for _ in strokes(live):
        began, began_cpu = time.perf_counter(), time.process_time()
        live.score(live.contour.snapshot(), Progress())
        clock.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    verdict = "below" if max(clock) < AIM_S else "ABOVE"
    print(
        f"{name:<28} opened in {opening:.2f} s; stroke to score: median {np.median(clock):.3f} s, worst"
        f" {max(clock):.3f} s, {verdict} {AIM_S} s; CPU worst {max(cpu):.3f} s"
    )


def main() -> None:
    """Measure the three cards."""
    hu, region = thorax()
    volume, mask = Volume(hu, GEOMETRY), Mask(region.astype(bool), GEOMETRY)
    params: ExtractionParams = load_params("ct_arterial")
    roi = Roi(mask, "P", "L1", LesionSite.PRIMARY, Reader.A, Occasion.FIRST, "P/L1/A/first", "1.2", volume.digest)
    names = [f"A_{name}" for name in params.feature_names]
    rng = np.random.default_rng(4)
    one_each = [str(rng.choice([name for name in names if name.startswith(f"A_{image}_")])) for image in params.filters]
    paper = load_card(resource_path("models", "published", "radscore.json"))
    began, began_cpu = time.perf_counter(), time.process_time()
    Fast().compute(Scene.of(volume, mask), params, Progress())
    print(f"whole extraction: {time.perf_counter() - began:.2f} s, CPU {time.process_time() - began_cpu:.2f} s")
    for title, wanted in (
        (f"the paper's {len(paper.feature_names)} features", paper.feature_names),
        ("20 features of 20 images", one_each),
        ("all 1,874 features", names),
    ):
        measure(title, SignedCopy(roi, volume, card_of(wanted), params, 1, {}))


if __name__ == "__main__":
    main()
