"""The check of this installation: started here, its outcome and its report."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog, QProgressBar, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Trouble
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.pages.admin_section import moment
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label, row, set_tone
from escc_desktop.i18n import _, said

if TYPE_CHECKING:
    from escc_desktop.workflow.views.installation import InstallationCheck

_SHOWN = 3


def _job(name: str) -> Callable[..., Any]:
    """Return a function of the view; its module, which takes long to import, is imported by the job."""

    def call(*args: object, **keywords: object) -> Any:
        return getattr(import_module("escc_desktop.workflow.views.installation"), name)(*args, **keywords)

    return call


class InstallationPanel(QWidget):
    """Compares what this machine computes with what it must."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self.start = button(_("Verify this installation"), "shield_checkmark")
        self.save = button(_("Save the report"), "document_pdf", weight="quiet")
        self.cancel = button(_("Cancel"), weight="quiet")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.outcome = label(wrap=True)
        self.failed = label(tone="secondary", wrap=True)
        self.trouble = Trouble()
        self._found: InstallationCheck | None = None
        self._running: Running | None = None
        self._dialog: QFileDialog | None = None  # an open dialog must be held
        self._lay_out()
        self.start.clicked.connect(self.begin)
        self.cancel.clicked.connect(self._stop)
        self.save.clicked.connect(self._ask_where)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(_("This installation"), size="heading"))
        what = _(
            "Compares what this machine computes with published and reference values: the IBSI digital phantom, "
            "PyRadiomics' 1,874 features, R's statistics. It takes less than a minute."
        )
        column.addWidget(label(what, tone="secondary", wrap=True))
        column.addWidget(self.outcome)
        column.addWidget(self.failed)
        column.addWidget(self.trouble)
        column.addWidget(self.bar)
        column.addWidget(row(self.start, self.cancel, self.save, None))
        for hidden in (self.outcome, self.failed, self.bar, self.cancel, self.save):
            hidden.hide()

    def begin(self) -> None:
        """Start the check; what an earlier one found is no longer shown."""
        self.trouble.say("")
        self._found = None
        self.outcome.hide()
        self.failed.hide()
        self.bar.setRange(0, 0)
        answers: Answers[Any] = Answers(self._show, self._fail, self._end, self._advance)
        self._running = self._desktop.tasks.run(
            _("Verifying the installation"), _job("check_installation"), answers=answers
        )
        self._fit()
        self.cancel.setFocus()

    def _fit(self) -> None:
        is_running = self._running is not None
        self.start.setEnabled(not is_running)
        self.bar.setVisible(is_running)
        self.cancel.setVisible(is_running)
        self.save.setVisible(not is_running and self._found is not None)

    def _advance(self, running: Running) -> None:
        if running.fraction is not None:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * running.fraction))

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()

    def _end(self) -> None:
        had_focus = self.cancel.hasFocus()
        self._running = None
        self._fit()
        if had_focus:
            self.start.setFocus()

    def _fail(self, error: Exception) -> None:
        self._end()
        if isinstance(error, EsccError):
            self.trouble.say(said(error.what), said(error.hint))
        else:
            self._desktop.notices.trouble(error)

    def _show(self, found: InstallationCheck) -> None:
        self._found = found
        self._end()
        counted = {"n": found.n_checks, "values": f"{found.n_values:,}", "time": moment(found.at)}
        if found.has_passed:
            text = _("All {n} checks passed, {values} values compared ({time} UTC).").format(**counted)
        else:
            text = _("{failed} of {n} checks failed ({time} UTC). Do not use its numbers.").format(
                failed=len(found.failed), **counted
            )
        self.outcome.setText(text)
        set_tone(self.outcome, "success" if found.has_passed else "danger")
        self.outcome.show()
        more = len(found.failed) - _SHOWN
        lines = [*found.failed[:_SHOWN], *([_("and {n} more").format(n=more)] if more > 0 else [])]
        self.failed.setText("\n".join(lines))
        self.failed.setVisible(bool(lines))

    def _ask_where(self) -> None:
        dialog = self._dialog = QFileDialog(self, _("Where to save the report"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("pdf")
        dialog.setNameFilter(_("Report (*.pdf)"))
        dialog.selectFile("installation.pdf")
        dialog.fileSelected.connect(self.save_to)
        dialog.open()

    def save_to(self, path: str) -> None:
        """Write the report there."""
        answers: Answers[Any] = Answers(self._saved, self._fail)
        self._desktop.tasks.run(
            _("Saving the report"), _job("write_installation_check"), self._found, Path(path), answers=answers
        )

    def _saved(self, path: Path) -> None:
        self._desktop.notices.say(_("Saved {name}.").format(name=path.name), str(path), Tone.SUCCESS)
