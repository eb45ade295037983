"""The section that says how the images of a development were made, and which features follow that."""

from __future__ import annotations

from escc_desktop.figures import words
from escc_desktop.i18n import _
from escc_desktop.prognosis.card_parts import Extraction
from escc_desktop.prognosis.dependence import FALSE_DISCOVERY_RATE
from escc_desktop.prognosis.results import AcquisitionField, AcquisitionResult, Results
from escc_desktop.workflow.views.model_parts import Section, Table

_WIDTH = 60


def acquisition_section(results: Results) -> Section | None:
    """Return the section; None where nothing is known of the images."""
    found = results.acquisition
    if found is None:
        return None
    varying = any(field.n_associated is not None for field in found.fields)
    rows = tuple(
        (_field_name(field.field), _levels(field), str(field.n), _verdict(field, found.n_features))
        for field in found.fields
    )
    header = (_("Field"), _("Values (patients)"), _("Patients"), _("Features that follow it"))
    note = _("By ranks, at a false discovery rate of 5 %.") if varying else ""
    tables = [Table("", header, rows, n_words=2, note=note)]
    signature = _signature(found)
    if signature is not None:
        tables.append(signature)
    return Section(
        "acquisition",
        _("Acquisition"),
        (_("A feature that follows how images were made may predict the scanner, not the patient."),),
        tables=tuple(tables),
    )


def _field_name(field: str) -> str:
    return {
        "pixel_spacing_mm": _("Pixel spacing, mm"),
        "slice_spacing_mm": _("Slice spacing, mm"),
        "slice_thickness_mm": _("Slice thickness, mm"),
        "kvp": _("Tube voltage, kV"),
        "largest_hu": _("Largest |HU| of the scan"),
        "kernel": _("Kernel"),
        "scanner": _("Scanner"),
    }[field]


def _levels(field: AcquisitionField) -> str:
    """Return the most frequent values, as many as fit."""
    ordered = sorted(field.levels.items(), key=lambda pair: -pair[1])
    shown = ""
    for level, count in ordered:
        more = f"{shown}, {level} ({count})" if shown else f"{level} ({count})"
        if shown and len(more) > _WIDTH:
            return f"{shown}, …"
        shown = more
    return shown


def _verdict(field: AcquisitionField, n_features: int) -> str:
    if not field.n:
        return _("not known")
    if field.n_associated is None:
        return _("the same in all") if len(field.levels) == 1 else _("too few patients")
    return _("{n} of {of}").format(n=f"{field.n_associated:,}", of=f"{n_features:,}")


def _signature(found: AcquisitionResult) -> Table | None:
    """Return what each feature of the signature follows most."""
    names = dict.fromkeys(one.name for one in found.signature)
    rows = []
    for name in names:
        known = [one for one in found.signature if one.name == name and one.explained is not None]
        if known:
            most = max(known, key=lambda one: one.explained or 0.0)
            is_sure = most.q is not None and most.q < FALSE_DISCOVERY_RATE
            verdict = _("yes") if is_sure else _("not shown")
            rows.append((words.short_feature(name), _field_name(most.field), words.percent(most.explained), verdict))
    if not rows:
        return None
    header = (_("Feature"), _("Follows most"), _("Share of its variance"), _("Beyond chance"))
    return Table(_("Rad-score"), header, tuple(rows), n_words=2)


def extraction_facts(extraction: Extraction | None) -> tuple[tuple[str, str], ...]:
    """Return with which settings the features were extracted."""
    if extraction is None:
        return ((_("Extraction settings"), _("not known")),)
    return (
        (_("Extraction settings"), extraction.params),
        (_("Engine"), ", ".join(extraction.engines)),
        (_("Settings"), extraction.params_digest),
    )
