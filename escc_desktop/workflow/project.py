"""The opened project: everything a principal can ask for, each operation checked, each change told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from psygnal import Signal

from escc_desktop.errors import EsccError
from escc_desktop.features.engine import DEFAULT_ENGINE
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.table import FeatureTable
from escc_desktop.progress import Progress
from escc_desktop.reading.plan import APART, WITHIN, Lesion, LesionRule, ReadingPlan, draw_plan
from escc_desktop.reading.protocol import USUAL, Protocol
from escc_desktop.reading.session import Reader, ReadingSession, Roi
from escc_desktop.store.accounts import Account, Principal, Role
from escc_desktop.store.audit import AuditHead, AuditRow, Clock, utc_now
from escc_desktop.store.cost import STRONG, PasswordCost
from escc_desktop.store.kinds import (
    LESION,
    PLAN,
    PLAN_ID,
    ROI,
    SERIES,
    SESSION,
    TRIAL_RECORD,
    VOLUME,
    RoiFeatures,
    lesion_key,
)
from escc_desktop.store.lock import Lock
from escc_desktop.store.records import Document
from escc_desktop.store.store import Login, Store
from escc_desktop.trial.records import TrialRecord
from escc_desktop.workflow.access import Operation, View, is_allowed, require
from escc_desktop.workflow.backup import back_up_project
from escc_desktop.workflow.change import Change
from escc_desktop.workflow.desk import ReadingDesk
from escc_desktop.workflow.images import ImagesImport, ImportChoice, import_images
from escc_desktop.workflow.later import later
from escc_desktop.workflow.lesion_list import store_lesions
from escc_desktop.workflow.people import People

if TYPE_CHECKING:
    from escc_desktop.prognosis import reproducibility as agreement
    from escc_desktop.prognosis.card import ModelCard
    from escc_desktop.prognosis.clinical import ClinicalTable
    from escc_desktop.prognosis.config import DevelopConfig
    from escc_desktop.prognosis.develop import Development
    from escc_desktop.prognosis.score import Assessment
    from escc_desktop.workflow import analysis, clinical_data, live_signature, perturbation, record_import, records_book
    from escc_desktop.workflow import ledger as predictions
    from escc_desktop.workflow import trial_protocol as trials
else:
    agreement = later("escc_desktop.prognosis.reproducibility")
    analysis = later("escc_desktop.workflow.analysis")
    clinical_data = later("escc_desktop.workflow.clinical_data")
    live_signature = later("escc_desktop.workflow.live_signature")
    perturbation = later("escc_desktop.workflow.perturbation")
    record_import = later("escc_desktop.workflow.record_import")
    records_book = later("escc_desktop.workflow.records_book")
    predictions = later("escc_desktop.workflow.ledger")
    trials = later("escc_desktop.workflow.trial_protocol")

__all__ = ["APART", "WITHIN", "Account", "AuditHead", "CreatedProject", "Login", "Project", "Reader", "Role"]


@dataclass(frozen=True)
class CreatedProject:
    """A new project, opened by its administrator; the recovery key is shown once and kept nowhere."""

    project: Project
    recovery_key: str


class Project:
    """A project folder as one principal sees it.

    Attributes
    ----------
    changed
        Emits a `Change` after every operation that wrote something.
    """

    changed = Signal(Change)

    def __init__(self, store: Store, principal: Principal) -> None:
        self._store = store
        self.principal = principal
        self.view = View(store, principal)
        trials.follow_protocol(store)

    @classmethod
    def create(
        cls,
        folder: Path,
        lock: Lock,
        administrator: Login,
        *,
        clock: Clock = utc_now,
        cost: PasswordCost = STRONG,
    ) -> CreatedProject:
        """Make a project in a new or empty folder; see `Store.create`."""
        made = Store.create(folder, lock, administrator, clock=clock, cost=cost)
        return CreatedProject(cls(made.store, made.administrator), made.recovery_key)

    @classmethod
    def open(
        cls, folder: Path, lock: Lock, login: Login, *, clock: Clock = utc_now, cost: PasswordCost = STRONG
    ) -> Self:
        """Open a project and log in; see `Store.open`."""
        store = Store.open(folder, lock, clock=clock, cost=cost)
        try:
            return cls(store, store.accounts.log_in(login.name, login.password))
        except BaseException:
            store.close()
            raise

    def log_in(self, login: Login) -> Project:
        """Return the same project as somebody else sees it."""
        return Project(self._store, self._store.accounts.log_in(login.name, login.password))

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self._store.folder

    def may(self, operation: Operation) -> bool:
        """Say whether the principal's role may do this."""
        return is_allowed(self.principal.role, operation)

    def shares_store(self, other: Project) -> bool:
        """Say whether this is the same opened folder, seen by the same or another person."""
        return self._store is other._store

    def now(self) -> datetime:
        """Return the time by the project's clock."""
        return self._store.clock()

    def close(self) -> None:
        """Close the project for everybody it was opened for."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Accounts

    def add_account(self, login: Login, role: Role, reader: Reader | None = None) -> Account:
        """Create an account; a reader gets his letter."""
        require(self.principal, Operation.MANAGE_ACCOUNTS)
        account = self._store.accounts.create(self.principal, login.name, login.password, role, reader)
        self._tell("account", account.account_id)
        return account

    def accounts(self) -> tuple[Account, ...]:
        """Return all accounts by name."""
        require(self.principal, Operation.MANAGE_ACCOUNTS)
        return self._store.accounts.all()

    def people(self) -> People:
        """Return what an administrator does about accounts that are there."""
        require(self.principal, Operation.MANAGE_ACCOUNTS)
        return People(self._store, self.principal, partial(self._tell, "account"))

    # Images, records, lesions, plan

    def import_images(self, path: Path, choice: ImportChoice, progress: Progress) -> ImagesImport:
        """Store every CT series under a path that the gate lets through."""
        try:
            return import_images(self._store, self.principal, path, choice, progress)
        finally:  # a stopped import keeps what it has stored
            self._tell("series")

    def series(self) -> tuple[Document, ...]:
        """Return what is known of every series, by UID."""
        return self.view.all(SERIES)

    def record_imports(self) -> record_import.RecordImports:
        """Return what previews and imports trial records; it checks each operation itself."""
        return record_import.RecordImports(self._store, self.principal, self._tell)

    def import_records(self, source: Path, accept: frozenset[str] = frozenset()) -> int:
        """Store the trial records of a source, all or none, and return how many patients' changed."""
        imports = self.record_imports()
        return imports.commit(imports.preview(source), accept)

    def records(self) -> tuple[TrialRecord, ...]:
        """Return all trial records by patient."""
        return tuple(clinical_data.record_of(document) for document in self.view.all(TRIAL_RECORD))

    def record_book(self) -> records_book.RecordBook:
        """Return the trial records as they are entered, queried and locked; it checks each operation itself."""
        return records_book.RecordBook(self._store, self.principal, self._tell)

    def protocol(self) -> trials.TrialProtocol:
        """Return the trial's protocol as it is read and changed; it checks each operation itself."""
        return trials.TrialProtocol(self._store, self.principal, self._tell)

    def clinical(self) -> ClinicalTable:
        """Return endpoints and covariates derived from the trial records."""
        return clinical_data.clinical_table(self.records())

    def mark_lesions(self, lesions: Sequence[Lesion]) -> None:
        """Store lesions marked by a point; none may be marked once the readings are planned."""
        require(self.principal, Operation.MARK_LESIONS)
        store_lesions(self._store, self.principal, lesions)
        self._tell("lesion", *(lesion_key(lesion.patient_id, lesion.lesion_id) for lesion in lesions))

    def lesions(self) -> tuple[Lesion, ...]:
        """Return all lesions by patient."""
        return self.view.all(LESION)

    def plan_readings(
        self,
        repeats: int,
        seed: int,
        apart: timedelta = APART,
        within: timedelta = WITHIN,
        rule: LesionRule = LesionRule.LARGEST,
        protocol: Protocol = USUAL,
    ) -> ReadingPlan:
        """Draw the repeat set and lay out all sessions; once."""
        require(self.principal, Operation.PLAN_READINGS)
        if self._store.find(PLAN, PLAN_ID) is not None:
            raise EsccError("The readings are planned already.", "A plan is drawn once, before anyone reads.")
        plan = draw_plan(self._store.all(LESION), repeats, seed, interval=(apart, within), rule=rule, protocol=protocol)
        with self._store.write(self.principal, "plan readings") as writing:
            writing.put(PLAN, plan)
            for session in plan.sessions:
                writing.put(SESSION, session)
        self._tell("plan", PLAN_ID)
        return plan

    def plan(self) -> ReadingPlan:
        """Return the reading plan."""
        return self.view.get(PLAN, PLAN_ID)

    def prolong_plan(self, within: timedelta, reason: str) -> ReadingPlan:
        """Allow more time between first reading and repeat; the earlier plan and the reason stay on record."""
        require(self.principal, Operation.PLAN_READINGS)
        plan = self._store.get(PLAN, PLAN_ID)
        if not reason.strip():
            raise EsccError("The change of the plan has no reason.", "Say why the interval was not kept.")
        revised = plan.prolonged(within)
        self._store.put(self.principal, PLAN, revised, reason.strip())
        self._tell("plan", PLAN_ID)
        return revised

    # Readings

    def sessions(self) -> tuple[ReadingSession, ...]:
        """Return the sessions the principal may know of."""
        return self.view.sessions()

    def desk(self, params: ExtractionParams) -> ReadingDesk:
        """Return the desk where readers work; `params` become part of each signature."""
        return ReadingDesk(self._store, self.principal, params.digest)

    def require_open(self, session_id: str) -> None:
        """Raise AccessDeniedError unless the principal may work on this session now; it says why."""
        ReadingDesk(self._store, self.principal).require_open(session_id)

    def rois(self) -> tuple[Roi, ...]:
        """Return the signed regions the principal may see."""
        return self.view.all(ROI)

    def volume(self, series_uid: str) -> Any:
        """Return the volume of a series."""
        return self.view.get(VOLUME, self.view.get(SERIES, series_uid).content["volume"])

    # Analysis

    def extract(
        self, params: ExtractionParams, progress: Progress, jobs: int = 1, engine: str = DEFAULT_ENGINE
    ) -> analysis.Extraction:
        """Extract the features of every signed region that has none for these settings yet."""
        require(self.principal, Operation.EXTRACT)
        settings = analysis.ExtractionSettings(params, engine, jobs)
        result = analysis.extract_signed(self._store, self.principal, settings, progress)
        self._tell("features")
        return result

    def features(self) -> tuple[RoiFeatures, ...]:
        """Return the features of all signed readings; an EsccError where some are missing or of other settings."""
        require(self.principal, Operation.VIEW_FEATURES)
        return analysis.stored_features(self._store, self.principal)

    def card_features(self, card: ModelCard) -> FeatureTable:
        """Return the features a card reads, as its report shows them, and the volumes that weigh lesions."""
        require(self.principal, Operation.VIEW_ASSESSMENTS)
        require(self.principal, Operation.REPORT)
        return analysis.card_features(self._store, self.principal, card)

    def perturb(self, order: perturbation.Order, progress: Progress) -> perturbation.Perturbations:
        """Extract perturbations of every signed first reading of reader A that has none by this order yet."""
        require(self.principal, Operation.EXTRACT)
        result = perturbation.perturb_signed(self._store, self.principal, order, progress)
        self._tell("perturbed")
        return result

    def reproducibility(self, table: FeatureTable, config: DevelopConfig) -> agreement.Agreements:
        """Return the agreement of the readings per feature."""
        require(self.principal, Operation.VIEW_FEATURES)
        return agreement.reproducibility(table, config.icc_form, config.icc_threshold)

    def develop(self, table: FeatureTable, config: DevelopConfig, progress: Progress) -> Development:
        """Develop cards on the project's records and keep them."""
        require(self.principal, Operation.DEVELOP)
        result = analysis.develop_cards(self._store, self.principal, (table, self.clinical()), config, progress)
        self._tell("card", *(card.digest for card in result.cards.values()))
        return result

    def cards(self) -> tuple[ModelCard, ...]:
        """Return the cards of the project."""
        return analysis.stored_cards(self.view)

    def assess(self, card: ModelCard, table: FeatureTable) -> tuple[Assessment, ...]:
        """Apply a card to the patients of a table and keep the verdicts."""
        require(self.principal, Operation.ASSESS)
        result = analysis.assess_patients(self._store, self.principal, card, (table, self.clinical()))
        self._tell("assessment", *(assessment.patient_id for assessment in result))
        return result

    def assessments(self, card: ModelCard) -> tuple[Assessment, ...]:
        """Return the verdicts kept for a card, by patient."""
        return analysis.stored_assessments(self.view, card)

    def ledger(self) -> predictions.PredictionLedger:
        """Return the predictions locked before their outcome; it checks each operation itself."""
        return predictions.PredictionLedger(self._store, self.principal, partial(self._tell, "prediction"))

    def try_contours(self, session_id: str, progress: Progress) -> live_signature.LiveSignature:
        """Open a copy of a signed reading to try other contours on; see `live_signature.open_live_signature`."""
        return live_signature.open_live_signature(self._store, self.view, session_id, progress)

    # Housekeeping

    def verify(self, progress: Progress | None = None) -> tuple[str, ...]:
        """Check database, audit trail and blobs; return what is wrong, empty when all is sound."""
        require(self.principal, Operation.VIEW_AUDIT)
        return self._store.verify(progress)

    def audit_rows(self) -> tuple[AuditRow, ...]:
        """Return the audit trail, oldest first."""
        require(self.principal, Operation.VIEW_AUDIT)
        return self._store.ledger.rows()

    def check_audit(self, noted: AuditHead | None = None) -> AuditHead:
        """Recompute the audit trail and return its end.

        Parameters
        ----------
        noted
            An end noted earlier outside the project; the trail must still pass through it.

        Raises
        ------
        EsccError
            The trail is broken; names the first row.
        """
        require(self.principal, Operation.VIEW_AUDIT)
        return self._store.ledger.verify(noted)

    def back_up(self, folder: Path, progress: Progress) -> None:
        """Copy the project into a new or empty folder, whole or not at all; the copy is a project too.

        Raises
        ------
        EsccError
            The folder cannot be used.
        Cancelled
            From `progress`; nothing is left of the copy.
        """
        require(self.principal, Operation.BACK_UP)
        back_up_project(self._store, self.principal, folder, progress)

    def on_change(self, listener: Callable[[Change], None]) -> None:
        """Call `listener` after every change."""
        self.changed.connect(listener)

    def _tell(self, kind: str, *ids: str) -> None:
        self.changed.emit(Change(frozenset({kind}), ids))
