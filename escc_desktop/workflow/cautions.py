"""Reasons for caution about an assessment, in sentences."""

from __future__ import annotations

from typing import Final


def _(text: str) -> str:
    """Mark a text for translation that is translated where it is shown."""
    return text


CAUTIONS: Final = {
    "in_training": _(
        "This patient helped to train the card. Score, group and probability come from models that never saw this "
        "patient; no interval is known for them."
    ),
    "missing_features": _("There is no first reading of Reader A."),
    "missing_covariate": _("A value the card needs is missing."),
    "outside_range": _("A value lies outside what the card was trained on."),
    "outside_applicability": _("The card was not made for such a patient."),
    "cropped_input": _("The image seems cut out of a larger scan, and features the card reads depend on all of it."),
    "outside_acquisition": _("The image was made in another way than those the card was trained on."),
    "unknown_settings": _(
        "Nothing says with which settings the features were extracted; with others than the card's the score is wrong."
    ),
    "no_cutoff": _("There is no cut-off, and so no risk group."),
    "same_code_other_values": _("A patient of this code helped to train the card, with other values."),
    "paper_only": _("This card was reconstructed from print, without a baseline: it gives no probability."),
    "no_baseline": _("The card has no baseline, and so gives no probability."),
    "unknown_level": _("A value is of a level the card does not know."),
}
