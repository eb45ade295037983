"""A trial as data: regimen, schedule, eligibility, design. One TOML file is one trial."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from escc_desktop.errors import EsccError, Fault, FaultsError, plain_words
from escc_desktop.files import decode_text, read_bytes
from escc_desktop.i18n import printed_language
from escc_desktop.resources import resource_path
from escc_desktop.trial.records import Baseline

MAX_BYTES = 1_000_000
STATED = ("paper", "registry", "protocol")
_FIELDS = {field.name for field in fields(Baseline)}

_in_force: Protocol | None = None

Op = Literal[">", ">=", "<", "<=", "=="]
Phase = Literal["combination", "maintenance"]


def is_stated(source: str) -> bool:
    """Tell whether a source is the trial's own word; everything else is to be confirmed against the protocol."""
    return source in STATED


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Design(_Part):
    """What the sample size rests on: rates, one-sided alpha, power, share of dropouts."""

    endpoint: str
    null_rate: float = Field(gt=0.0, lt=1.0)
    target_rate: float = Field(gt=0.0, lt=1.0)
    alpha: float = Field(gt=0.0, lt=1.0)
    power: float = Field(gt=0.0, lt=1.0)
    dropout: float = Field(ge=0.0, lt=1.0)
    source: str

    @model_validator(mode="after")
    def _is_above(self) -> Design:
        if self.target_rate <= self.null_rate:
            raise ValueError("target_rate does not lie above null_rate")
        return self


class Cycle(_Part):
    """Days of a cycle, the fewest and most cycles of the whole combination, and what still counts as on time."""

    days: int = Field(gt=0, le=100)
    combination_cycles: tuple[int, int]
    window_days: int = Field(ge=0)
    window_source: str
    source: str


class Surface(_Part):
    """Which formula gives the body surface, and from which surface on the dose no longer grows (0: none)."""

    formula: Literal["mosteller", "dubois", "stevenson", "xu"]
    cap_m2: float = Field(ge=0.0)
    source: str


class Drug(_Part):
    """One drug of the regimen.

    Attributes
    ----------
    per
        What `dose_mg` is for: a "dose", a "day" (taken daily) or an "m2" of body surface.
    levels
        Fractions of the full dose, the full one first; a drug with one level is delayed, never reduced.
    round_mg
        The planned dose is rounded to the nearest multiple of it; 0 for none.
    is_immune
        Whether it is an immune checkpoint inhibitor, so that an event may be immune-related.
    """

    name: str
    name_zh: str = ""
    route: str
    days: tuple[int, ...] = Field(min_length=1)
    dose_mg: float = Field(gt=0.0)
    per: Literal["dose", "day", "m2"]
    phases: tuple[Phase, ...] = Field(min_length=1)
    levels: tuple[float, ...] = Field(min_length=1)
    levels_source: str
    round_mg: float = Field(default=0.0, ge=0.0)
    round_source: str = "practice"
    is_immune: bool = False
    source: str

    @property
    def is_reducible(self) -> bool:
        """Whether the dose may be lowered at all."""
        return len(self.levels) > 1

    @property
    def is_daily(self) -> bool:
        """Whether it is taken every day, so that a record holds a first and a last day."""
        return self.per == "day"

    @property
    def dose_unit(self) -> str:
        """The unit its doses are recorded in."""
        return "mg_per_day" if self.is_daily else "mg"

    @model_validator(mode="after")
    def _levels_fall(self) -> Drug:
        if self.levels[0] != 1.0 or list(self.levels) != sorted(set(self.levels), reverse=True) or self.levels[-1] <= 0:
            raise ValueError("levels fall from 1.0 and stay above 0")
        return self


class LabRule(_Part):
    """A bound on a laboratory value: absolute with its unit, or a multiple of the upper limit of the same assay."""

    analyte: str
    op: Op
    value: float | None = None
    unit: str = ""
    of_uln: float | None = None

    @model_validator(mode="after")
    def _has_one_bound(self) -> LabRule:
        if (self.value is None) == (self.of_uln is None):
            raise ValueError("a laboratory rule needs either value with unit, or of_uln")
        if self.value is not None and not self.unit:
            raise ValueError("value needs its unit")
        return self


class Hold(_Part):
    """What must hold before the drugs of one day are given: a laboratory value, or the grade of an open event."""

    code: str
    day: int
    drugs: tuple[str, ...]
    lab: LabRule | None = None
    within_days: int = 0
    term: str = ""
    worst_grade: int = Field(default=0, ge=0, le=4)
    source: str

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Hold:
        if (self.lab is None) == (not self.term):
            raise ValueError("a hold needs either lab or term")
        return self


class Schedule(_Part):
    """Planned response assessments in days from day 1, and how old the baseline may be."""

    days: tuple[int, ...] = Field(min_length=1)
    then_every_days: int = Field(gt=0)
    window_days: int = Field(ge=0)
    window_source: str
    baseline_scan_days: int = Field(ge=0)
    baseline_lab_days: int = Field(ge=0)
    baseline_source: str
    source: str

    def planned_days(self, until: int) -> tuple[int, ...]:
        """Return the planned days of scans up to a day."""
        later = range(self.days[-1] + self.then_every_days, until + 1, self.then_every_days)
        return (*(day for day in self.days if day <= until), *later)

    @model_validator(mode="after")
    def _days_rise(self) -> Schedule:
        if list(self.days) != sorted(set(self.days)) or self.days[0] <= 0:
            raise ValueError("days rise and begin after 0")
        return self


class CriterionRule(_Part):
    """How a criterion is computed: "lab" as `LabRule`, "field" of the baseline, or "measurable_lesion"."""

    type: Literal["lab", "field", "measurable_lesion"]
    analyte: str = ""
    field: str = ""
    op: Op = "=="
    value: float | int | bool | str | None = None
    unit: str = ""
    of_uln: float | None = None

    @property
    def lab(self) -> LabRule:
        """The rule on a laboratory value; only of type "lab"."""
        value = None if self.value is None else float(self.value)
        return LabRule(analyte=self.analyte, op=self.op, value=value, unit=self.unit, of_uln=self.of_uln)


class _Said(_Part):
    text: str
    text_zh: str = ""

    @property
    def words(self) -> str:
        """The text in the language spoken now."""
        return self.text_zh if self.text_zh and printed_language() == "zh_CN" else self.text


class Option(_Said):
    """One answer a person may give, and whether it means that the criterion is met."""

    code: str
    is_met: bool


class Criterion(_Said):
    """One criterion of the trial.

    Attributes
    ----------
    kind
        An "inclusion" criterion must be met, an "exclusion" criterion must not.
    decides
        Whether the rule decides "alone", or is only "necessary" and a person still answers.
    """

    code: str
    kind: Literal["inclusion", "exclusion"]
    why: str
    rule: CriterionRule | None = None
    decides: Literal["alone", "necessary"] = "alone"
    options: tuple[Option, ...] = ()
    note: str = ""
    source: str


class Protocol(_Part):
    """One trial."""

    code: str
    name: str
    name_zh: str = ""
    registration: str
    phase: str
    arms: int = Field(gt=0)
    line: int = Field(gt=0)
    disease: str
    design: Design
    cycle: Cycle
    surface: Surface
    drugs: tuple[Drug, ...] = Field(min_length=1)
    holds: tuple[Hold, ...] = ()
    schedule: Schedule
    criteria: tuple[Criterion, ...] = ()

    @property
    def drug_names(self) -> tuple[str, ...]:
        """The drugs in the protocol's order."""
        return tuple(drug.name for drug in self.drugs)


def load_protocol(path: Path | None = None) -> Protocol:
    """Return the trial in force, or the one of a file.

    Raises
    ------
    FaultsError
        The file describes no trial; every fault is listed with its place.
    EsccError
        The file cannot be read, or is no TOML.
    """
    return (_in_force or _shipped()) if path is None else read_protocol(path)


def put_in_force(protocol: Protocol | None) -> None:
    """Have every rule read this trial from now on; None is the one that comes with the program."""
    global _in_force  # noqa: PLW0603  # one program, one opened project, as with the language
    _in_force = protocol


@cache
def _shipped() -> Protocol:
    return read_protocol(resource_path("trial", "protocol.toml"))


def read_protocol(path: Path) -> Protocol:
    """Read a trial from a file; for what is raised see `load_protocol`."""
    raw = read_bytes(path)
    if len(raw) > MAX_BYTES:
        raise EsccError(f"{path.name} is too large to be a trial protocol.", "Choose the trial's TOML file.")
    return parse_protocol(decode_text(raw, path.name), path.name)


def parse_protocol(text: str, name: str) -> Protocol:
    """Return the trial a TOML text describes; `name` stands in the messages. For what is raised see `load_protocol`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EsccError(f"{name} is no TOML: {error}.", "Mend the line named.") from None
    except RecursionError:
        raise EsccError(f"{name} is nested too deeply.", "Choose the trial's TOML file.") from None
    try:
        protocol = Protocol.model_validate(_tuples(document))
    except ValidationError as error:
        faults = [Fault(_place(entry["loc"]), plain_words(entry["msg"])) for entry in error.errors(include_url=False)]
        raise _refused(name, faults) from None
    faults = list(_misfits(protocol))
    if faults:
        raise _refused(name, faults)
    return protocol


def _misfits(protocol: Protocol) -> Iterator[Fault]:
    """Yield what does not fit together: names used that are not defined, codes used twice."""
    for what, names in _named(protocol).items():
        yield from (Fault(what, f"{name} stands there twice") for name in sorted(_repeated(names)))
    for index, drug in enumerate(protocol.drugs):
        for day in sorted(set(drug.days) - set(range(1, protocol.cycle.days + 1))):
            yield Fault(f"drugs {index + 1}, days", f"a cycle of {protocol.cycle.days} days has no day {day}")
    for index, hold in enumerate(protocol.holds):
        for name in sorted(set(hold.drugs) - set(protocol.drug_names)):
            yield Fault(f"holds {index + 1}, drugs", f"the regimen has no drug {name}")
        yield from _lab_misfits(hold.lab, f"holds {index + 1}, lab")
    for index, criterion in enumerate(protocol.criteria):
        yield from _rule_misfits(criterion.rule, f"criteria {index + 1}, rule")


def _repeated(names: Sequence[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _named(protocol: Protocol) -> dict[str, list[str]]:
    return {
        "drugs": list(protocol.drug_names),
        "holds": [hold.code for hold in protocol.holds],
        "criteria": [criterion.code for criterion in protocol.criteria],
    }


def _rule_misfits(rule: CriterionRule | None, where: str) -> Iterator[Fault]:
    if rule is None:
        return
    if rule.type == "lab":
        try:
            yield from _lab_misfits(rule.lab, where)
        except (ValidationError, ValueError):
            yield Fault(where, "a laboratory rule needs either a number as value with its unit, or of_uln")
    elif rule.type == "field":
        if rule.field not in _FIELDS:
            yield Fault(where, f"the baseline has no field {rule.field or 'without a name'}")
        if rule.value is None:
            yield Fault(where, "a rule on a field needs a value")


def _lab_misfits(rule: LabRule | None, where: str) -> Iterator[Fault]:
    if rule is None:
        return
    units = _units().get(rule.analyte)
    if units is None:
        yield Fault(where, f"{rule.analyte or 'an analyte without a code'} is not in analytes.toml")
    elif rule.value is not None and rule.unit not in units:
        yield Fault(where, f"{rule.unit} is no unit of {rule.analyte}; use {' or '.join(units)}")


@cache
def _units() -> Mapping[str, tuple[str, ...]]:
    """Return the units of each analyte. Read here: the tables, which know analytes, take their drugs from here."""
    document = tomllib.loads(resource_path("trial", "analytes.toml").read_text(encoding="utf-8"))
    return {code: (entry["unit"], *entry["units"]) for code, entry in document.items()}


def _refused(name: str, faults: Sequence[Fault]) -> FaultsError:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return FaultsError(f"{name} describes no trial: {faults[0]}{more}.", faults, "Mend the file and choose it again.")


def _place(where: tuple[int | str, ...]) -> str:
    """Return a place such as "drugs 2, dose_mg"."""
    words: list[str] = []
    for part in where:
        if isinstance(part, int) and words:
            words[-1] += f" {part + 1}"
        else:
            words.append(str(part))
    return ", ".join(words) or "the file"


def _tuples(value: Any) -> Any:  # whatever TOML holds
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
