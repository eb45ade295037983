"""Salted digests by which a card knows its training patients without naming them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence


def patient_digest(salt: str, patient_id: str) -> str:
    """Return the salted digest by which a card knows a training patient's code."""
    return hashlib.sha256(f"{salt}:patient:{patient_id}".encode()).hexdigest()


def values_digest(salt: str, values: Sequence[float | str | None]) -> str:
    """Return the salted digest of the values a card reads from one patient, to ten digits.

    Values that went through another program, or a mean taken in another order, may differ in their last digits.
    """
    text = json.dumps([value if isinstance(value, str) or value is None else f"{value:.10g}" for value in values])
    return hashlib.sha256(f"{salt}:values:{text}".encode()).hexdigest()
