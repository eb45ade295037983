"""What was done and found, in sentences made from the configuration and the results: for methods and checklists."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.clinical import ENDPOINT_NAMES
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.results import FigureResult, Results
from escc_desktop.prognosis.wording import in_words

_ICC = {
    "icc1": "ICC(1,1)", "icc2": "ICC(2,1), absolute agreement", "icc3": "ICC(3,1), consistency",
    "icc1k": "ICC(1,k)", "icc2k": "ICC(2,k)", "icc3k": "ICC(3,k)",
}  # fmt: skip
_LESIONS = {
    "largest": "the largest lesion",
    "mean": "the mean over lesions",
    "volume_weighted_mean": "the mean over lesions, weighted by volume",
}
_SEARCH = {"caret": "as caret does by default", "exact": "searched exactly", "fast": "by caret's fast search"}


@dataclass(frozen=True, eq=False)
class Sentences:
    """A development told topic by topic; a topic that does not apply is empty.

    `card` is that of the combined model, `others` those of the models beside it.
    """

    results: Results
    config: DevelopConfig
    card: ModelCard
    others: tuple[ModelCard, ...] = ()

    @property
    def outcome(self) -> str:
        """The endpoint and its horizon."""
        endpoint, horizon = ENDPOINT_NAMES[self.results.endpoint], self.results.horizon_months
        return f"The outcome was {endpoint}, predicted at {horizon:g} months."

    @property
    def flow(self) -> str:
        """Patients, events, follow-up, and who was left out."""
        cohort = self.results.cohort
        out = "; ".join(f"{one.n} {one.what} {one.why}" for one in cohort.dropped) or "nobody was left out"
        follow = cohort.median_follow_up_months
        median = "" if follow is None else f" Median follow-up was {follow:.1f} months (reverse Kaplan-Meier)."
        return f"{cohort.n_patients} patients with {cohort.n_events} events were analysed; {out}.{median}"

    @property
    def size(self) -> str:
        """Events against candidates."""
        cohort, n = self.results.cohort, self.results.selection.n_features
        return (
            f"{cohort.n_events} events ({cohort.n_events_by_horizon} by {self.results.horizon_months:g} months) stand "
            f"against {n} candidate features and {len(self.results.univariable)} covariates; no number of patients was "
            "computed for the prediction model."
        )

    @property
    def extraction(self) -> str:
        """Settings of the features."""
        made = self.card.extraction
        if made is None:
            return ""
        return (
            f"Features were extracted with the settings {made.params} (SHA-256 {made.params_digest[:12]}; engines "
            f"{', '.join(made.engines)}), whose file fixes resampling, discretisation, filters and classes."
        )

    @property
    def agreement(self) -> str:
        """The rule of agreement and what it let through."""
        found, config = self.results.agreement, self.config
        if found is None:
            return "No lesion was read twice: features were not filtered by agreement."
        lesions = " and ".join(f"{one.n_lesions} lesions ({one.comparison}-reader)" for one in found.comparisons)
        what = "the lower 95 % limit" if config.icc_bound == "lower" else "the estimate"
        return (
            f"Agreement was measured on {lesions} by {_ICC[found.form]}, of {config.icc_values} values before scaling; "
            f"features with {what} above {found.threshold:g} were kept ({found.n_stable} of "
            f"{self.results.selection.n_features})."
        )

    @property
    def scaling(self) -> str:
        """How features were scaled, and several lesions reduced to one."""
        return (
            f"Reader A's first readings were used, {_LESIONS[self.config.patient_value]} standing for a patient; "
            f"features were scaled by {self.config.scaling} on the training patients."
        )

    @property
    def reduction(self) -> str:
        """The correlation filter."""
        return (
            f"Of pairs with an absolute correlation above {self.config.correlation_cutoff:g} one feature was removed "
            f"(findCorrelation, {_SEARCH[self.config.correlation_search]}), leaving "
            f"{self.results.selection.n_after_correlation}."
        )

    @property
    def tuning(self) -> str:
        """The LASSO."""
        chosen, config = self.results.selection, self.config
        draws = chosen.fold_draw_n_selected
        again = ""
        if draws:
            spread = f"{min(draws)} to {max(draws)}" if min(draws) < max(draws) else f"{draws[0]} each"
            again = f" {len(draws)} other draws of the folds selected {spread}."
        return (
            f"A LASSO Cox model was tuned by {config.folds}-fold cross-validated partial-likelihood deviance "
            f"({chosen.semantics or 'glmnet 4.1 rules'}, {chosen.penalty}), which selected {len(chosen.features)} "
            f"features.{again}"
        )

    @property
    def cutoff(self) -> str:
        """The cut-off and its corrected P."""
        cut = self.results.cutoff
        if cut is None:
            return "The Rad-score told no groups apart, so there is no cut-off."
        return (
            f"Risk groups were cut at a Rad-score of {cut.value:.4g} (high above), the maximally selected log-rank "
            f"statistic with at least {100 * self.config.min_fraction:g} % on either side (P corrected for the search "
            f"{cut.corrected_p:.3g}, naive {cut.naive_p:.3g})."
        )

    @property
    def models(self) -> str:
        """The Cox models and how terms entered."""
        entry = {
            "univariable": f"a univariable P below {self.config.entry_p:g}",
            "enter": "no selection",
            "aic": "Akaike's criterion",
        }[self.config.entry]
        terms = "; ".join(
            f"{kind}: {', '.join(in_words(term.label) for term in model.terms) or 'no term'}"
            for kind, model in self.results.models.items()
        )
        return f"Cox models ({self.config.ties.capitalize()} ties) took covariates by {entry}. Terms are {terms}."

    @property
    def missing(self) -> str:
        """How missing values were handled."""
        if self.config.missing == "imputed":
            return (
                f"Missing covariates were imputed by chained equations ({self.config.imputations} sets, the outcome "
                "among the predictors), estimates pooled by Rubin's rules."
            )
        used = ", ".join(f"{kind} {model.n}" for kind, model in self.results.models.items())
        return f"Models rest on patients without missing covariates ({used} of {self.results.cohort.n_patients})."

    @property
    def division(self) -> str:
        """How the data were divided; there is no external evaluation in a development."""
        repeats = self.results.repeats
        return (
            "All patients were used for development. Every step, from the agreement filter on, was repeated in "
            f"{repeats.outer_repeats} x {repeats.outer_folds}-fold nested cross-validation and in {repeats.resamples} "
            "bootstrap resamples (.632+); there is no external evaluation."
        )

    @property
    def measures(self) -> str:
        """The measures, and the noise benchmark."""
        return (
            "Discrimination was measured by Harrell's C-index and the IPCW AUC at the horizon, prediction error by the "
            "Brier score, calibration by the slope, in the large and in groups, usefulness by decision curves; the "
            f"same pipeline on {self.results.repeats.noise} permuted outcomes shows what chance reaches."
        )

    @property
    def performance(self) -> str:
        """The figures of each model: nested first."""
        return " ".join(
            f"{kind.capitalize()}: {_figure(model.c_index)}." for kind, model in self.results.models.items()
        )

    @property
    def software(self) -> str:
        """Program, configuration and seed."""
        return (
            f"Computed with {self.results.software}, seed {self.results.seed}, configuration "
            f"{self.results.config_digest[:12]}, features {self.results.features_digest[:12]}."
        )

    @property
    def paragraph(self) -> str:
        """A methods paragraph."""
        parts = (
            self.outcome, self.extraction, self.agreement, self.scaling, self.reduction, self.tuning, self.cutoff,
            self.models, self.missing, self.division, self.measures, self.software,
        )  # fmt: skip
        return " ".join(part for part in parts if part)


def _figure(figure: FigureResult) -> str:
    def told(value: float | None) -> str:
        return "unknown" if value is None else f"{value:.3f}"

    low, high = told(figure.nested_lower), told(figure.nested_upper)
    return (
        f"C-index {told(figure.cross_validated)} ({low} to {high}) in nested cross-validation, .632+ "
        f"{told(figure.corrected)}, apparent {told(figure.apparent)}, noise up to {told(figure.noise[2])} (95 %)"
    )
