"""Desktop imaging workstation for radiomics in advanced esophageal squamous cell carcinoma."""

from importlib.metadata import version as _version


def version() -> str:
    """Return the installed version."""
    return _version("escc-desktop")
