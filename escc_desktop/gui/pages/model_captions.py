"""What each figure of a development shows and how it is read."""

from __future__ import annotations

from escc_desktop.i18n import _


def figure_words(name: str) -> tuple[str, str]:
    """Return a figure's title and the sentence that explains it."""
    for known, words in (_whole_names() | _families()).items():
        if name == known or name.startswith(f"{known}_"):
            return words
    return name.replace("_", " "), ""


def _whole_names() -> dict[str, tuple[str, str]]:
    return {
        "icc_distribution": (
            _("Distribution of agreement"),
            _("How many features reach which ICC, for each pair of readings. The dashed line is the threshold; "
              "features left of it are not used."),
        ),
        "correlation": (
            _("Correlation of the stable features"),
            _("Each stable feature against each other one. Of two that correlate above the limit only one goes on, "
              "the one less correlated with all others."),
        ),
        "lasso_cv": (
            _("Choice of the penalty"),
            _("Cross-validated deviance over the penalty, with its standard error. The penalty of the smallest "
              "deviance is used; a flat curve means that the data hardly decide."),
        ),
        "lasso_path": (
            _("LASSO path"),
            _("Coefficients of all features while the penalty falls from left to right. The line marks the penalty "
              "that was used: what is not zero there is selected."),
        ),
        "coefficients": (
            _("Coefficients of the Rad-score"),
            _("Weight of each selected feature per standard deviation; to the right it raises the risk."),
        ),
        "selection_frequency": (
            _("Stability of the selection"),
            _("In how many resamples of the patients a feature was selected again. A feature that is seldom selected "
              "again was selected by chance."),
        ),
        "cut_search": (
            _("Search of the cut-off"),
            _("The log-rank statistic at every possible cut. Because the best of many was taken, its P needs the "
              "correction that stands beside it."),
        ),
        "score_bars": (
            _("Rad-score of every patient"),
            _("One bar a patient, sorted, from the cut-off up (HIGH) or down (LOW); the tone tells what happened."),
        ),
        "reader_interval": (
            _("What another reading would change"),
            _("Each patient's predicted survival with the limits of 95 % of other readings of the same scan. Hollow: "
              "the group would change in one reading of ten or more. It holds for these two readers only."),
        ),
        "km_apparent": (
            _("Survival by risk group, apparent"),
            _("Kaplan-Meier curves of the groups on the patients the cut was searched on: too good by design."),
        ),
        "km_out_of_fold": (
            _("Survival by risk group, out of fold"),
            _("The same with groups by models that never saw the patient: nearer to what new patients would show."),
        ),
        "performance": (
            _("Performance"),
            _("Apparent and corrected figures of each model over the band that noise reaches. A corrected figure "
              "inside the band shows no predictive value."),
        ),
        "km_three": (
            _("Survival by three risk groups, apparent"),
            _("Two cut-offs in place of one, searched on these patients: too good by design. They are shown only: "
              "cards assess by the one cut-off, as low or high risk."),
        ),
        "fold_draw_frequency": (
            _("Stability of the selection, other folds"),
            _("How often each feature is selected when the same patients are dealt to other folds."),
        ),
        "differences": (
            _("Models compared"),
            _("How much better one model is than another on the same patients, with its interval. Only the filled "
              "squares are of patients the models had not seen."),
        ),
        "auc_over_time": (
            _("AUC over time, out of fold"),
            _("How well each model tells who has the event by each month, by models that never saw the patient."),
        ),
        "brier": (
            _("Prediction error over time, out of fold"),
            _("Mean squared error of the predicted survival, censored patients weighted. A useful model lies below "
              "Kaplan-Meier, which predicts the same for everybody."),
        ),
        "calibration_out_of_fold": (
            _("Calibration, out of fold"),
            _("Predicted survival of thirds of the patients, by models that never saw them, against what was observed. "
              "On the diagonal they agree."),
        ),
        "decision_curve": (
            _("Decision curve"),
            _("Net benefit over the thresholds at which somebody would act, beside treating everybody and nobody. "
              "Where no action is agreed for the study, none is drawn."),
        ),
    }  # fmt: skip


def _families() -> dict[str, tuple[str, str]]:
    return {
        "icc": (
            _("Agreement of every feature"),
            _("Filters across, families down. Colour is the class of the ICC, the stroke its lower 95 % bound."),
        ),
        "forest": (
            _("Hazard ratios"),
            _("Each term with its 95 % interval on a logarithmic scale; right of 1 it raises the hazard."),
        ),
        "nomogram": (
            _("Nomogram"),
            _("Read each value up to the points, add them, and read the total down to survival at the horizon."),
        ),
        "roc": (
            _("ROC at the horizon"),
            _("Sensitivity over 1 - specificity for the event by the horizon, with censored patients weighted."),
        ),
        "calibration": (
            _("Calibration, apparent and corrected"),
            _("Predicted survival of thirds of the patients against what was observed, and the same less the optimism "
              "of resamples. On the diagonal they agree."),
        ),
        "hazards": (
            _("Proportional hazards"),
            _("Scaled Schoenfeld residuals of each term over time with their smooth curve. Where the curve leaves the "
              "dashed line, the effect changes with time."),
        ),
    }  # fmt: skip
