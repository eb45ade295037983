"""The settings an extraction may use, for people to choose from and to copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from escc_desktop.features.params import PRESETS, ExtractionParams, load_params, preset_text


@dataclass(frozen=True)
class Preset:
    """Shipped settings.

    Attributes
    ----------
    digest
        What tables and projects know them by.
    yaml
        The file, to start one's own from; empty for settings that are one's own already.
    """

    name: str
    description: str
    digest: str
    settings: dict[str, Any]
    yaml: str = ""


def presets() -> tuple[Preset, ...]:
    """Return the shipped settings."""
    return tuple(settings_of(name) for name in PRESETS)


def settings_of(source: str) -> Preset:
    """Return shipped settings by name, or those of a YAML file.

    Raises
    ------
    EsccError
        There are no such settings.
    FaultsError
        The file holds no valid ones.
    """
    params: ExtractionParams = load_params(source)
    text = preset_text(source) if source in PRESETS else ""
    return Preset(params.name, params.description, params.digest, params.model_dump(), text)
