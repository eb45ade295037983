"""Where the synthetic study lies, and what was chosen for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.files import read_json
from escc_desktop.workflow.demo.images import Grid
from escc_desktop.workflow.demo.truth import default_seed

FULL_SIZE = 59
REPEATS = 15
SUMMARY = "summary.json"
BUILT = "built.json"
"""Written last: a folder without it was not finished."""


@dataclass(frozen=True)
class DemoFolder:
    """Where everything of a demo lies."""

    root: Path

    @property
    def images(self) -> Path:
        """What the site's CT hands over."""
        return self.root / "import"

    @property
    def records(self) -> Path:
        """What the trial office hands over."""
        return self.root / "records"

    @property
    def truth(self) -> Path:
        """What nobody in the study may see."""
        return self.root / "truth"

    @property
    def project(self) -> Path:
        """The project folder."""
        return self.root / "project"

    @property
    def results(self) -> Path:
        """Tables, cards and reports."""
        return self.root / "results"


@dataclass(frozen=True)
class DemoChoice:
    """How large the study is and how many processes may work on it.

    Attributes
    ----------
    grid
        Voxels of every series. By default 256 x 256 x 64, and in the study of full size 512 x 512 x 320 for the
        showcase patient; smaller studies are for tests and do without that one.
    """

    n_patients: int = FULL_SIZE
    jobs: int = 2
    grid: Grid | None = None

    @property
    def document(self) -> dict[str, object]:
        """What a built study says it is of."""
        return {"patients": self.n_patients, "seed": default_seed(), "software": version()}

    @property
    def repeats(self) -> int:
        """How many patients are read again: 15 of 59, in proportion, at least 4."""
        return max(4, round(REPEATS * self.n_patients / FULL_SIZE))


def default_folder() -> Path:
    """Return where the demo lies unless another folder is named."""
    return Path(user_data_path("escc-desktop", appauthor=False)) / "demo"


def practice_folder(demo_root: Path) -> Path:
    """Return where the practice project of a demo lies."""
    return demo_root / "practice"


def refuse_other_demo(root: Path, choice: DemoChoice) -> None:
    """Raise EsccError unless the demo built in a folder is of this size, seed and program."""
    built, wanted = read_json(root / BUILT), choice.document
    if not isinstance(built, dict) or any(built.get(name) != value for name, value in wanted.items()):
        raise EsccError(f"{root} holds a demo of another size or version.", "Name another folder, or remove this one.")
