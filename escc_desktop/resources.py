"""The one reader of the data files that come with the program."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def resource_path(*parts: str) -> Path:
    """Return the path of a shipped data file or folder, such as ``("extraction", "ct_arterial.yaml")``.

    Raises
    ------
    FileNotFoundError
        The program was packed without it: a defect of the package.
    """
    path = Path(str(files("escc_desktop._resources"))).joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError("/".join(parts))
    return path
