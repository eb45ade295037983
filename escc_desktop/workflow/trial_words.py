"""Drugs and adverse events in the language in force."""

from __future__ import annotations

from escc_desktop.i18n import printed_language
from escc_desktop.trial.ctcae import find_term
from escc_desktop.trial.protocol import load_protocol

_CHINESE = "zh_CN"


def drug_name(drug: str) -> str:
    """Return a drug of the trial; another one stays as it is recorded."""
    known = next((one for one in load_protocol().drugs if one.name == drug), None)
    return known.name_zh if known is not None and known.name_zh and printed_language() == _CHINESE else drug


def event_name(term: str) -> str:
    """Return an adverse event; one that is no known term stays as it was recorded."""
    known = find_term(term)
    return known.zh if known is not None and known.zh and printed_language() == _CHINESE else term
