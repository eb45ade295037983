"""How far another reading of the same scan would move each patient's predicted survival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from escc_desktop.figures import style
from escc_desktop.figures.words import Interval

OFTEN = 0.1


@dataclass(frozen=True)
class Reread:
    """One patient: predicted survival with the limits of 95 % of other readings, and how often in the other group."""

    survival: Interval
    flip: float | None


@style.styled
def risk_by_reading(rereads: Mapping[str, Sequence[Reread]], horizon_months: float, readers: str) -> Figure:
    """Draw a row for each kind of rereading, patients from the worst prediction to the best.

    Parameters
    ----------
    rereads
        By what is called the other reading, such as "the same reader again".
    readers
        Whose error it is; the intervals hold for them only.
    """
    title = f"Predicted survival, read again: {readers}"
    known = {name: sorted(found, key=lambda one: one.survival.value) for name, found in rereads.items() if found}
    if not known:
        return style.saying(title, "Too few lesions were read twice, or no image feature entered the model.")
    figure = style.new_figure(174, 22 + 42 * len(known), shows_risk=True)
    rows = figure.subplots(len(known), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, found) in zip(rows, known.items(), strict=True):
        often = [one.flip is not None and one.flip >= OFTEN for one in found]
        for place, (one, flips) in enumerate(zip(found, often, strict=True)):
            colour = style.VERMILLION if flips else style.BLUE
            axes.plot([place, place], [one.survival.lower, one.survival.upper], color=colour, lw=1.4)
            axes.plot([place], [one.survival.value], ls="", marker="D" if flips else "o", ms=3.4,
                      mfc="white" if flips else colour, mec=colour)  # fmt: skip
        share = f"{OFTEN * 100:.0f} % of readings or more (◇)"
        style.subline(axes, f"{name}: {sum(often)} of {len(found)} patients change group in {share}")
        axes.set_ylim(0, 1)
        axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        axes.set_ylabel(f"{horizon_months:g}-month survival")
        axes.set_xlim(-1, len(found))
    rows[-1].set_xticks([])
    rows[-1].set_xlabel("patients, from the worst prediction to the best; bars hold 95 % of other readings")
    style.headline(figure, title)
    return figure
