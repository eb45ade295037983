"""Roles in the user's words."""

from __future__ import annotations

from escc_desktop.i18n import _


def role_words(role: str) -> str:
    """Return what a role is called."""
    words = {
        "reader": _("Reader"),
        "oncologist": _("Oncologist"),
        "coordinator": _("Coordinator"),
        "statistician": _("Statistician"),
        "administrator": _("Administrator"),
    }
    return words.get(role, role)
