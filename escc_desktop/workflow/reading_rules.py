"""What a study leaves its readers, as it is chosen when the readings are planned."""

from __future__ import annotations

from escc_desktop.reading.protocol import WINDOW, Protocol, ToolRule
from escc_desktop.store.kinds import SERIES
from escc_desktop.workflow.project import Project

__all__ = ["ToolRule", "protocol_of"]


def protocol_of(
    project: Project,
    rule: ToolRule = ToolRule.USUAL,
    window: tuple[float, float] | None = WINDOW,
    *,
    shows_study: bool = False,
) -> Protocol:
    """Return the rules of the readings.

    Parameters
    ----------
    window
        Width and level in HU of all readings; None leaves it to the reader.
    shows_study
        Whether readers may look at the other series of the study they outline on, such as another contrast phase.
        Earlier and later studies are never shown: they tell how the patient fared.
    """
    return Protocol(rule.forbidden, window, _series_beside(project) if shows_study else frozenset())


def _series_beside(project: Project) -> frozenset[str]:
    """Return the series of the same studies as those that lesions are marked on."""
    known = {document.document_id: document.content for document in project.view.all(SERIES)}
    marked = {lesion.series_uid for lesion in project.lesions()}
    studies = {known[uid]["study_uid"] for uid in marked if uid in known}
    return frozenset(uid for uid, content in known.items() if content["study_uid"] in studies and uid not in marked)
