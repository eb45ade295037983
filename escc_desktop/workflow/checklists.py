"""TRIPOD+AI and CLEAR, filled in as far as the program knows; what it does not know is left to the authors."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from escc_desktop import version
from escc_desktop.files import write_csv
from escc_desktop.prognosis.wording import in_words
from escc_desktop.resources import resource_path
from escc_desktop.workflow.methods_text import Sentences

CHECKLISTS = ("tripod_ai", "clear")
COLUMNS = ("item", "section", "asks", "answer", "where", "by")
TO_AUTHORS = "To be answered by the authors."


@dataclass(frozen=True)
class Item:
    """One item: its number in the checklist, what it asks in our words, the answer and where the report has it."""

    number: str
    section: str
    asks: str
    answer: str
    where: str

    @property
    def is_answered(self) -> bool:
        """Whether the program could answer it."""
        return self.answer != TO_AUTHORS

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of `COLUMNS`."""
        return (*self.own_cells, self.answer, self.where, "program" if self.is_answered else "authors")

    @property
    def own_cells(self) -> tuple[str, str, str]:
        """Number, section and question."""
        return self.number, self.section, self.asks


@dataclass(frozen=True)
class Checklist:
    """A checklist with its source."""

    name: str
    source: str
    items: tuple[Item, ...]

    @property
    def n_answered(self) -> int:
        """How many items the program answered."""
        return sum(item.is_answered for item in self.items)


def checklist(key: str, told: Sentences) -> Checklist:
    """Fill in one of `CHECKLISTS` from a development."""
    document = tomllib.loads(resource_path("reporting", f"{key}.toml").read_text(encoding="utf-8"))
    return Checklist(
        document["name"],
        document["source"],
        tuple(_item(entry, told) for entry in document["item"]),
    )


def _item(entry: Mapping[str, str], told: Sentences) -> Item:
    answer, where = "", ""
    if entry["answer"]:
        answer, where = _ANSWERS[entry["answer"]][0](told), _ANSWERS[entry["answer"]][1]
    return Item(entry["number"], entry["section"], entry["asks"], answer or TO_AUTHORS, where if answer else "")


def write_checklist(found: Checklist, out: Path) -> None:
    """Write it as a table with its sidecar."""
    provenance = {"program": f"escc-desktop {version()}", "checklist": found.name, "source": found.source}
    write_csv(out, COLUMNS, [item.cells for item in found.items], provenance)


def _protocol(sentences: Sentences) -> str:
    found = sentences.results.acquisition
    if found is None:
        return ""
    shown = [
        f"{field.field}: {', '.join(f'{level} ({n})' for level, n in field.levels.items())}" for field in found.fields
    ]
    return f"As the images say: {'; '.join(shown)}."


def _acquisition(told: Sentences) -> str:
    found = told.results.acquisition
    if found is None:
        return ""
    shown = [f"{field.field} {field.n_associated}" for field in found.fields if field.n_associated is not None]
    if not shown:
        return "The images do not differ in any field of acquisition that is recorded."
    return f"Features that follow acquisition (false discovery rate 5 %), of {found.n_features}: {', '.join(shown)}."


def _readers(told: Sentences) -> str:
    return "Readers A and B; training and experience are for the authors to add." if told.results.agreement else ""


def _predictors(told: Sentences) -> str:
    names = [in_words(term.label) for term in told.results.univariable]
    return f"Covariates known on day 1: {', '.join(names)}." if names else ""


def _groups(told: Sentences) -> str:
    return f"Survival probability at {told.results.horizon_months:g} months and a risk group. {told.cutoff}"


def _numbers(told: Sentences) -> str:
    shown = ", ".join(f"{kind} {model.n} with {model.n_events} events" for kind, model in told.results.models.items())
    return f"Patients and events by model: {shown}."


def _limitations(told: Sentences) -> str:
    return " ".join(told.results.warnings)


def _comparison(told: Sentences) -> str:
    pairs = told.results.differences_out_of_fold or told.results.differences
    return " ".join(f"{one.second} against {one.first}, {one.measure}: {one.words}." for one in pairs)


def _specification(told: Sentences) -> str:
    cards = ", ".join(f"{kind} {digest[:12]}" for kind, digest in told.results.card_digests.items())
    return f"Cards with coefficients, scaling, baseline and cut-off (JSON): {cards}."


def _interpretation(told: Sentences) -> str:
    return (
        "Nomograms with points, a coefficient plot, and feature maps over the CT."
        if told.results.selection.features
        else ""
    )


def _building(told: Sentences) -> str:
    return f"{told.agreement} {told.reduction} {told.tuning} {told.models}"


def _fixed(text: str) -> Callable[[Sentences], str]:
    return lambda _told: text


Answer = tuple[Callable[[Sentences], str], str]
_ANSWERS: Final[Mapping[str, Answer]] = {
    "intended": (_fixed("Research only; the card says whom it judges and withholds a probability elsewhere."), "Card"),
    "objective": (_fixed("Development with internal validation."), "Title page"),
    "data": (lambda told: told.flow, "Data used and left out"),
    "applicability": (
        lambda told: f"Recorded in the card: {told.config.applicability.model_dump_json(exclude_defaults=True)}."
        if told.config.applicability.model_dump(exclude_defaults=True)
        else "",
        "Card",
    ),
    "preparation": (lambda told: f"{told.scaling} {told.reduction}", "Selection of features"),
    "outcome": (lambda told: told.outcome, "Title page"),
    "candidates": (lambda told: f"{told.agreement} {told.reduction}", "Selection of features"),
    "predictors": (_predictors, "Cox models"),
    "readers": (_readers, "Agreement between readings"),
    "size": (lambda told: told.size, "Data used and left out"),
    "missing": (lambda told: told.missing, "Cox models"),
    "division": (lambda told: told.division, "Performance"),
    "forms": (lambda told: f"{told.scaling} {told.models}", "Cox models"),
    "building": (_building, "Selection of features"),
    "acquisition": (_acquisition, "Data used and left out"),
    "measures": (lambda told: told.measures, "Performance"),
    "updating": (_fixed("The model was not updated."), "Performance"),
    "predictions": (_fixed("Out-of-fold: by pipelines fitted without the patient, baseline included."), "Performance"),
    "imbalance": (_fixed("Times to an event with censoring; nothing was resampled for balance."), "Performance"),
    "output": (_groups, "Rad-score and cut-off"),
    "code": (lambda told: f"{told.software} The configuration comes with the cards.", "Provenance"),
    "flow": (lambda told: told.flow, "Data used and left out"),
    "numbers": (_numbers, "Cox models"),
    "specification": (_specification, "Nomograms"),
    "performance": (lambda told: told.performance, "Performance"),
    "limitations": (_limitations, "Warnings"),
    "poor_input": (
        _fixed("A missing predictor or one outside the training range withholds the probability, with the reason."),
        "Card",
    ),
    "next": (_fixed("External evaluation with the shipped card; the planner gives its size."), "Card"),
    "guidelines": (_fixed("TRIPOD+AI and CLEAR, filled in with this report."), "Checklists"),
    "protocol": (_protocol, "Data used and left out"),
    "segmentation": (
        _fixed("Slice by slice by radiologists into a 3D region; tools and time of each signed reading are kept."),
        "Agreement between readings",
    ),
    "extraction": (lambda told: told.extraction, "Provenance"),
    "n_features": (lambda told: f"{told.results.selection.n_features} features.", "Selection of features"),
    "agreement": (lambda told: told.agreement, "Agreement between readings"),
    "scaling": (lambda told: told.scaling, "Selection of features"),
    "reduction": (lambda told: f"{told.agreement} {told.reduction}", "Selection of features"),
    "tuning": (lambda told: told.tuning, "Selection of features"),
    "uncertainty": (lambda told: f"95 % intervals throughout. {told.division}", "Performance"),
    "comparison": (_comparison, "Cox models"),
    "interpretation": (_interpretation, "Nomograms"),
    "selection": (lambda told: f"{told.agreement} {told.reduction} {told.tuning}", "Selection of features"),
}  # fmt: skip


def totals(found: Sequence[Checklist]) -> str:
    """Return how far they are filled in."""
    return "; ".join(f"{one.name}: {one.n_answered} of {len(one.items)} items answered" for one in found)
