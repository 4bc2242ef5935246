"""What a study file may say, as checked models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from accelsim.sizes import Size

__all__ = [
    "METHODS",
    "BuildFile",
    "ChoiceFile",
    "ChoicesFile",
    "CostFile",
    "QuantizationFile",
    "RangeFile",
    "RunFile",
    "SearchFile",
    "SettingsFile",
    "StudyFile",
    "TaskFile",
    "Value",
    "ValuesFile",
]

METHODS = ("exhaustive", "random", "nsga-ii", "tpe")
"""How points are chosen."""

Value = int | float | str
"""Of a parameter."""


_MOST_PARAMETERS = 100
_MOST = 1e100
"""Far beyond any figure; arithmetic over such numbers stays within floating point."""


def _bounded(value: Value) -> Value:
    # Not a number is beyond any bound, too.
    if not isinstance(value, str) and not abs(value) <= _MOST:
        raise ValueError(f"must be from {-_MOST:g} to {_MOST:g}")
    return value


Given = Annotated[Size, AfterValidator(_bounded)]
"""A number within bounds, or text."""
_Bound = Annotated[int | float, AfterValidator(_bounded)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


When = dict[str, Given | Annotated[list[Given], Field(min_length=1)]]


class BuildFile(_Strict):
    """The hardware of a point, for ``--build``."""

    accelerator: str | None = None
    """One with hardware: ``accelsim list accelerators``."""
    set: dict[str, Given] = {}
    """Its parameters, as ``accelsim verilog --set`` takes them."""


class QuantizationFile(_Strict):
    """Weights whose error is the metric ``quantization_error``."""

    format: str | None = None
    """Of ``accelsim quantize`` (``bitmod-fp4``), or as weights are stored (``int6-sym-g128``);
    floating point of 16 bits or more, and ``none``, stay as they are."""
    group: Given = 128
    """Weights that share a scale."""


class TaskFile(_Strict):
    """What is simulated. Text that is the name of a parameter stands for its value, and arithmetic
    over parameters for what it comes to."""

    on: str | None = None
    """Architecture."""
    arch: dict[str, Given] = {}
    """Figures of it that are changed, as ``--arch`` takes them."""
    workload: str | None = None
    """Workload or model."""
    set: dict[str, Given] = {}
    """Its sizes or settings, as ``--set`` takes them."""
    mapper: str | None = None
    """Mapper; the architecture's own where none is named."""
    objective: str | None = None
    """What its searches minimise."""
    at_most: dict[str, Given] = {}
    """Bounds of its searches, as ``--at-most`` takes them."""
    tokens: Given | None = None
    """Tokens that it computes; those of a language model are known."""


class RunFile(TaskFile):
    """One of several simulations of a point."""

    weight: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] = 1.0
    """How often it counts in sums over all runs."""


class SettingsFile(TaskFile):
    """Settings of all runs, and of the point as a whole."""

    quantization: QuantizationFile = QuantizationFile()
    """How weights are quantised."""
    build: BuildFile = BuildFile()
    """The hardware."""
    let: dict[str, Given] = {}
    """Further names for expressions: a number, text, or arithmetic over other names."""


class ChoiceFile(SettingsFile):
    """Settings that come with one choice of a parameter."""

    runs: dict[str, TaskFile] = {}
    """Settings of single runs."""


class ValuesFile(_Strict):
    """A parameter with these values."""

    values: Annotated[list[Given], Field(min_length=1)]
    """Numbers or names."""
    when: When = {}
    """Earlier parameter -> the value, or values, with which this one applies."""


class RangeFile(_Strict):
    """A parameter with the values of a range, both ends included."""

    first: Annotated[_Bound, Field(alias="from")]
    """The least."""
    to: _Bound
    """None is greater."""
    step: Annotated[_Bound, Field(gt=0)] | None = None
    """From one to the next."""
    times: Annotated[_Bound, Field(ge=1.001)] | None = None
    """Factor from one to the next, in place of a step."""
    when: When = {}
    """Earlier parameter -> the value, or values, with which this one applies."""

    @model_validator(mode="after")
    def _one_way(self) -> RangeFile:
        if (self.step is None) == (self.times is None):
            raise ValueError("must have either step or times")
        if self.first > self.to:
            raise ValueError(f"goes from {self.first} to {self.to}, must go upwards")
        if self.times is not None and self.first <= 0:
            raise ValueError(f"begins at {self.first}, must begin above 0 to be multiplied")
        return self


class ChoicesFile(_Strict):
    """A parameter whose values are names, each with settings."""

    choices: Annotated[dict[str, ChoiceFile], Field(min_length=1)]
    """Name -> settings that come with it."""
    when: When = {}
    """Earlier parameter -> the value, or values, with which this one applies."""


def _parameter_kind(value: Any) -> str:
    if isinstance(value, list):
        return "list"
    keys = value if isinstance(value, dict) else ()
    if "choices" in keys or isinstance(value, ChoicesFile):
        return "choices"
    return "range" if "from" in keys or isinstance(value, RangeFile) else "values"


ParameterFile = Annotated[
    Annotated[list[Given], Field(min_length=1), Tag("list")]
    | Annotated[ValuesFile, Tag("values")]
    | Annotated[RangeFile, Tag("range")]
    | Annotated[ChoicesFile, Tag("choices")],
    Discriminator(_parameter_kind),
]


class SearchFile(_Strict):
    """How points are chosen, how many, and by which seed."""

    method: Literal["exhaustive", "random", "nsga-ii", "tpe"] = "exhaustive"
    """``exhaustive`` (every point), ``random`` (each at most once), ``nsga-ii`` (a genetic search
    for the front), ``tpe`` (tree-structured Parzen estimators)."""
    points: Annotated[int | None, Field(ge=1, le=10**9)] = None
    """Points that are evaluated at most; all of an exhaustive study where it is not given, else
    400."""
    population: Annotated[int, Field(ge=2, le=10_000)] = 50
    """Points of a generation; of ``tpe``, points that are chosen without knowing of each other."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """The same seed gives the same points."""


class CostFile(_Strict):
    """What a chip costs, for the metric ``cost_usd``: a share of a wafer over the yield (negative
    binomial model)."""

    wafer_usd: Annotated[float, Field(gt=0, le=1e9)]
    """Of a processed wafer."""
    wafer_diameter_mm: Annotated[float, Field(gt=0, le=1000)] = 300
    """Of a wafer."""
    defects_per_cm2: Annotated[float, Field(ge=0, le=1e6)]
    """Density of defects."""
    clustering: Annotated[float, Field(gt=0, le=1e6)] = 3.0
    """Alpha of the model: small where defects lie close together."""
    source: str
    """Where these figures are from."""


class StudyFile(SettingsFile):
    """A study: ``accelsim/study/library/demo.yaml`` and its like."""

    name: str
    """In words."""
    description: str = ""
    """One line for ``accelsim list studies``."""
    source: str = ""
    """Where its figures are from."""
    parameters: Annotated[dict[str, ParameterFile], Field(min_length=1)]
    """Name -> values: the space. Those that others depend on stand before them."""
    runs: dict[str, RunFile] = {}
    """Name -> one of several simulations of every point."""
    minimize: list[str] = []
    """Metrics that are to be small."""
    maximize: list[str] = []
    """Metrics that are to be large."""
    constraints: list[str] = []
    """Comparisons of metrics, parameters and names of ``let``; points that fail one are not on the
    front."""
    search: SearchFile = SearchFile()
    """Method, number of points, seed."""
    front_fidelity: Literal["analytic", "event"] = "analytic"
    """``event``: points of the front are played out in time as well."""
    cost: CostFile | None = None
    """What silicon costs."""

    @model_validator(mode="after")
    def _not_too_many(self) -> StudyFile:
        if len(self.parameters) > _MOST_PARAMETERS:
            raise ValueError(
                f"has {len(self.parameters):,} parameters, must have at most {_MOST_PARAMETERS}"
            )
        return self

    @model_validator(mode="after")
    def _has_objectives(self) -> StudyFile:
        if not self.minimize and not self.maximize:
            raise ValueError("has neither minimize nor maximize, must have one")
        return self
