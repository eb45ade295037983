"""What is computed and how: the settings of an extraction, read from YAML and known by digest."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from escc_desktop.errors import EsccError, Fault, FaultsError, plain_words
from escc_desktop.features.names import feature_names, filter_names
from escc_desktop.files import canonical_json, decode_text, digest, read_bytes
from escc_desktop.resources import resource_path

DEFAULT_PARAMS: Final = "ct_arterial"
PRESETS: Final = ("ct_arterial", "ct_arterial_iso", "ibsi_ct_c")
MAX_BYTES: Final = 65_536
_OPTIONAL: Final = ("resampling", "resegmentation_hu", "first_edge_hu")
_LOWEST_HU, _HIGHEST_HU = -32_768, 32_767


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Lbp2d(_Strict):
    """Local binary patterns in the slice (Ojala 2002)."""

    radius: Literal[1]
    samples: Literal[8]
    method: Literal["uniform"]


class Lbp3d(_Strict):
    """Local binary patterns on a sphere by spherical harmonics (Banerjee 2013)."""

    levels: Literal[2]
    icosphere_radius: Literal[1]
    icosphere_subdivision: Literal[1]


class Resampling(_Strict):
    """How values between voxel centres are found (IBSI reference manual, chapter 2.4)."""

    interpolation: Literal["linear"]
    grid: Literal["centred"]
    hu: Literal["rounded_int16"]
    mask_interpolation: Literal["linear"]
    mask_threshold: Annotated[float, Field(ge=0.5, le=0.5)]


class ExtractionParams(_Strict):
    """The settings of an extraction.

    Chosen may be `bin_width_hu`, `log_sigma_mm`, `resampled_spacing_mm` (cubic voxels), `resegmentation_hu` (the
    lowest and the highest HU that count; the shape is that of the whole region) and `first_edge_hu` (where grey level
    1 of the unfiltered image begins; without it at the multiple of the bin width below the lowest value). The other
    settings have one allowed value each and stand in the file so that it says the whole of what was computed.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    description: Annotated[str, Field(max_length=500)]
    bin_width_hu: Annotated[float, Field(ge=0.1, le=1000)]
    log_sigma_mm: Annotated[list[float], Field(min_length=2, max_length=2)]
    wavelet: Literal["coif1"]
    wavelet_level: Literal[1]
    wavelet_start_level: Literal[0]
    lbp_2d: Lbp2d
    lbp_3d: Lbp3d
    normalize: Literal[False]
    resampled_spacing_mm: Annotated[float, Field(ge=0.4, le=5)] | None
    resampling: Resampling | None = None
    resegmentation_hu: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    first_edge_hu: Annotated[float, Field(ge=_LOWEST_HU, le=_HIGHEST_HU)] | None = None
    force_2d: Literal[False]
    neighbour_distance: Literal[1]
    glcm_symmetrical: Literal[True]
    glcm_weighting: None
    gldm_alpha: Literal[0]
    voxel_array_shift: Literal[0]

    @field_validator("log_sigma_mm")
    @classmethod
    def _sigmas_rise(cls, sigmas: list[float]) -> list[float]:
        if not (0.5 <= sigmas[0] < sigmas[1] <= 20):
            raise ValueError("two widths between 0.5 and 20 mm, the smaller first")
        if any(round(sigma, 4) != sigma for sigma in sigmas):
            raise ValueError("at most four decimals")
        return sigmas

    @field_validator("resegmentation_hu")
    @classmethod
    def _range_rises(cls, range_hu: list[float] | None) -> list[float] | None:
        if range_hu is not None and not (_LOWEST_HU <= range_hu[0] < range_hu[1] <= _HIGHEST_HU):
            raise ValueError(f"two HU between {_LOWEST_HU} and {_HIGHEST_HU}, the lower first")
        return range_hu

    @model_validator(mode="after")
    def _say_the_whole(self) -> Self:
        if (self.resampled_spacing_mm is None) != (self.resampling is None):
            raise ValueError("resampled_spacing_mm and resampling belong together: both or neither")
        lowest = self.resegmentation_hu[0] if self.resegmentation_hu else None
        if self.first_edge_hu is not None and (lowest is None or lowest < self.first_edge_hu):
            raise ValueError("first_edge_hu needs a resegmentation_hu that begins there or above")
        return self

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over every setting but name and description.

        The optional settings count only where they are set, so that what was computed before there were any is found.
        """
        unset = {name for name in _OPTIONAL if getattr(self, name) is None}
        return digest(canonical_json(self.model_dump(exclude={"name", "description", *unset})))

    @property
    def filters(self) -> tuple[str, ...]:
        """The names of the 20 images, in order."""
        return filter_names(self.log_sigma_mm)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the 1,874 features without phase, in order."""
        return feature_names(self.log_sigma_mm)


@dataclass(frozen=True)
class UsedParams:
    """With which settings, by name and digest, and by which engine a row of features was computed."""

    name: str
    digest: str
    engine: str

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Self | None:
        """Return what the provenance of a feature vector says, None where it does not."""
        found = [provenance.get(key) for key in ("params", "params_digest", "engine")]
        words = [word for word in found if isinstance(word, str) and word]
        return cls(*words) if len(words) == len(found) else None

    def __str__(self) -> str:
        return f"{self.name} ({self.digest[:12]})"


def load_params(source: str | Path) -> ExtractionParams:
    """Read settings: the name of a shipped preset or a YAML file.

    Raises
    ------
    EsccError
        No such preset or file, or it is no plain YAML (repeated keys, tags, aliases).
    FaultsError
        Settings that are missing, unknown or out of bounds: all of them.
    """
    text = str(source)
    if text in PRESETS:
        return _parse(_preset_path(text))
    path = Path(source)
    if path.suffix.lower() not in {".yaml", ".yml"}:
        raise EsccError(
            f"There are no settings called {text!r}.", f"Choose {', '.join(PRESETS)} or the path of a .yaml file."
        )
    return _parse(path)


def kept_params(settings: Mapping[str, Any] | None) -> ExtractionParams:
    """Return the settings that were kept with a value; the default ones where none were."""
    return load_params(DEFAULT_PARAMS) if settings is None else ExtractionParams.model_validate(dict(settings))


def preset_text(name: str) -> str:
    """Return the YAML of a shipped preset, one of `PRESETS`."""
    return _preset_path(name).read_text(encoding="utf-8")


def _preset_path(name: str) -> Path:
    return resource_path("extraction", f"{name}.yaml")


def _parse(path: Path) -> ExtractionParams:
    raw = read_bytes(path)
    if len(raw) > MAX_BYTES:
        raise EsccError(f"{path.name} is larger than {MAX_BYTES // 1024} KiB.", "It holds no extraction settings.")
    document = _read_yaml(decode_text(raw, path.name), path.name)
    try:
        return ExtractionParams.model_validate(document)
    except ValidationError as error:
        faults = [
            Fault(f"{path.name}, {'.'.join(map(str, fault['loc'])) or 'top'}", plain_words(fault["msg"]))
            for fault in error.errors()
        ]
        raise FaultsError(
            f"{path.name} holds no valid extraction settings: {faults[0]}.",
            faults,
            "Start from a copy of shipped settings: `escc params ct_arterial`.",
        ) from None


class _PlainLoader(yaml.SafeLoader):
    """Plain YAML only: no aliases, no tags beyond the scalar types, no repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        keys = [key.value for key, _ in node.value]
        repeated = next((key for key, _ in node.value if keys.count(key.value) > 1), None)
        if repeated is not None:
            raise yaml.MarkedYAMLError(
                problem=f"{repeated.value} stands more than once", problem_mark=repeated.start_mark
            )
        return super().construct_mapping(node, deep)


def _read_yaml(text: str, name: str) -> object:
    try:
        return _PlainLoader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise EsccError(f"{name}{line}: {error.problem}.", "Settings are plain YAML: names and values.") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise EsccError(f"{name} is no YAML.", "Settings are plain YAML: names and values.") from None
