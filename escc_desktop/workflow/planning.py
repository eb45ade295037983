"""How many patients a single-arm trial needs."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.stats.design import SampleSize, sample_size


@dataclass(frozen=True)
class TrialSize:
    """A single-arm design as asked for and as found."""

    p0: float
    p1: float
    alpha: float
    power: float
    dropout: float
    found: SampleSize

    def document(self) -> dict[str, object]:
        """Return it ready for JSON."""
        found = self.found
        return {
            "p0": self.p0,
            "p1": self.p1,
            "alpha": self.alpha,
            "power": self.power,
            "dropout": self.dropout,
            "n": found.n,
            "critical_value": found.critical,
            "attained_alpha": found.attained_alpha,
            "attained_power": found.attained_power,
            "enrolment": found.enrolment,
            "stable_n": found.stable_n,
            "stable_enrolment": found.stable_enrolment,
            "note": found.note,
        }

    def text(self) -> str:
        """Return it in sentences."""
        found = self.found
        lines = [
            f"n = {found.n} patients: the null rate {self.p0:g} is rejected with {found.critical} or more responders.",
            f"Attained one-sided alpha {found.attained_alpha:.4f}, power {found.attained_power:.4f} at {self.p1:g}.",
            f"Enrolment with a dropout of {self.dropout:g}: {found.enrolment} patients.",
        ]
        if found.note:
            lines.append(f"{found.note} Enrolment then: {found.stable_enrolment} patients.")
        return "\n".join(lines)


def size_trial(p0: float, p1: float, alpha: float, power: float, dropout: float = 0.0) -> TrialSize:
    """Size a single-arm trial by the exact binomial test (one-sided).

    Raises
    ------
    EsccError
        As `escc_desktop.stats.design.sample_size`.
    """
    return TrialSize(p0, p1, alpha, power, dropout, sample_size(p0, p1, alpha, power, dropout))
