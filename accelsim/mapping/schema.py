"""What a mapper file may say, as checked models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from accelsim.sizes import Size

__all__ = [
    "BlockFile",
    "CaseFile",
    "EinsumStep",
    "ForStep",
    "KeepStep",
    "MapperFile",
    "NestStep",
    "SearchFile",
    "SearchedTile",
    "TileFile",
]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True
    )


def _loops_kind(value: object) -> str:
    return "tiles" if isinstance(value, dict) else "ranks" if isinstance(value, list) else "rank"


Loops = Annotated[
    Annotated[str, Tag("rank")]
    | Annotated[list[str], Tag("ranks")]
    | Annotated[dict[str, Size], Tag("tiles")],
    Discriminator(_loops_kind),
]


class ForStep(_Strict):
    """``for: B``, ``for: [B, H]`` (one by one) or ``for: {P: P1 * P0}`` (tile by tile)."""

    loops: Loops = Field(alias="for")
    """A rank, ranks one by one, or rank -> tile size; what follows runs inside."""


def _group_kind(value: object) -> str:
    return "tensors" if isinstance(value, list) else "tensor"


Group = Annotated[
    Annotated[str, Tag("tensor")] | Annotated[list[str], Field(min_length=1), Tag("tensors")],
    Discriminator(_group_kind),
]


class KeepStep(_Strict):
    """``keep: {global_buffer: [Q, [QK, A]]}``: a list inside shares one space."""

    keep: dict[str, list[Group]] = Field(min_length=1)
    """Memory -> tensors whose tiles stay in it while what follows runs."""


def _unrolled_kind(value: object) -> str:
    return "widths" if isinstance(value, dict) else "rank"


Unrolled = Annotated[
    Annotated[str, Tag("rank")] | Annotated[dict[str, Size], Field(min_length=1), Tag("widths")],
    Discriminator(_unrolled_kind),
]


class EinsumStep(_Strict):
    """One Einsum on an array."""

    einsum: str
    """Name of the Einsum: the tensor that it writes."""
    on: str
    """The array that it runs on."""
    rows: Unrolled | None = None
    """The rank that is laid over the rows of the array, or rank -> how many of them it takes."""
    columns: Unrolled | None = None
    """The same for the columns; a rank may stand on both."""
    lanes: Unrolled | None = None
    """The same for the lanes of each PE."""
    order: list[str] = []
    """Ranks that run one by one on a PE, innermost last; the others come before."""
    forward: list[str] = []
    """Inputs that are taken from the registers in which their producer left them."""
    bypass: list[str] = []
    """Tensors that pass the array's registers by, to and from a latch at the functional unit."""


class NestStep(_Strict):
    """A nest of its own: its loops and keeps hold for what is inside only."""

    nest: list[Step] = Field(min_length=1)
    """Steps, outermost first."""


_STEPS = {"for": "ForStep", "keep": "KeepStep", "einsum": "EinsumStep", "nest": "NestStep"}


def _step_kind(value: object) -> str | None:
    """Class of a step, told by its key; of a block or a search likewise."""
    if isinstance(value, _Strict):
        return type(value).__name__
    keys = value if isinstance(value, dict) else ()
    return next((name for key, name in _STEPS.items() if key in keys), None)


Step = Annotated[
    Annotated[ForStep, Tag("ForStep")]
    | Annotated[KeepStep, Tag("KeepStep")]
    | Annotated[EinsumStep, Tag("EinsumStep")]
    | Annotated[NestStep, Tag("NestStep")],
    Discriminator(
        _step_kind,
        custom_error_type="step_kind",
        custom_error_message="must have one of the keys for, keep, einsum and nest",
    ),
]


class SearchStep(_Strict):
    """Einsums that the mapper maps by search, one after the other, each a block of its own."""

    search: Annotated[list[str], Field(min_length=1)]
    """Names of Einsums."""


class BlockFile(_Strict):
    """Einsums that run fused."""

    name: str
    """Name of the block, for results."""
    nest: Annotated[list[Step], Field(min_length=1)]
    """Steps, outermost first."""
    epochs: list[list[str]] = []
    """Einsums that overlap; ``LM@column_link`` is a tensor that crosses a link."""
    reserve_bytes: dict[str, Size] = {}
    """Memory -> bytes that tiles may not take."""
    spill: list[str] = []
    """Memories whose tiles may go to the memory above where they do not fit."""
    halo: Literal["whole", "overlap"] = "whole"
    """Whether a tile of a window (``p + r``) is fetched whole, or only what is new in it."""
    double_buffer: list[str] = []
    """Memories in which tiles that are replaced take twice their space."""
    rounds: Annotated[list[str], Field(max_length=2)] = []
    """Two memories: where what they keep exceeds both, one holds it part by part, cut anywhere, and
    what the other keeps is sent to it once a part; whichever moves less. Not for ``event``."""


def _block_kind(value: object) -> str:
    if isinstance(value, _Strict):
        return type(value).__name__
    return "SearchStep" if isinstance(value, dict) and "search" in value else "BlockFile"


Block = Annotated[
    Annotated[BlockFile, Tag("BlockFile")] | Annotated[SearchStep, Tag("SearchStep")],
    Discriminator(_block_kind),
]


class TileFile(_Strict):
    """A tile size that is chosen: the largest divisor of a number that fits into a memory."""

    largest_divisor_of: Size
    """The number, or an expression of rank sizes and figures of the machine."""
    fits: str
    """The memory whose tiles must fit."""


class SearchedTile(_Strict):
    """A size that is searched: every divisor of a number is tried, with all others."""

    divisor_of: Size
    """The number, or an expression of rank sizes and figures of the machine."""


def _tile_kind(value: object) -> str:
    if isinstance(value, _Strict):
        return type(value).__name__
    if isinstance(value, dict):
        return "SearchedTile" if "divisor_of" in value else "TileFile"
    return "size"


Tile = Annotated[
    Annotated[TileFile, Tag("TileFile")]
    | Annotated[SearchedTile, Tag("SearchedTile")]
    | Annotated[Size, Tag("size")],
    Discriminator(_tile_kind),
]

Choice = Annotated[
    Annotated[SearchedTile, Tag("SearchedTile")] | Annotated[Size, Tag("size")],
    Discriminator(lambda value: "SearchedTile" if isinstance(value, dict | _Strict) else "size"),
]


class CaseFile(_Strict):
    """One way to map a cascade that has exactly these Einsums."""

    when: str | None = None
    """A condition on rank sizes; the case is taken only where it holds."""
    ranks: dict[str, Choice] = {}
    """Ranks of the cascade that the dataflow fixes, or chooses, unless they are set from
    outside."""
    tiles: dict[str, Tile] = {}
    """Name -> tile size: a number, an expression, or how it is chosen."""
    blocks: Annotated[list[Block], Field(min_length=1)]
    """Blocks in the order in which they run."""


class SearchFile(_Strict):
    """What a search may choose from."""

    rows: tuple[str, ...] = ()
    """Ranks for the rows: names, ``reduced`` or ``output`` ones; empty for any."""
    columns: tuple[str, ...] = ()
    """The same for the columns."""
    stationary: str = "any"
    """Which tensor stays in the registers while the others stream: ``any``, ``output``,
    ``inputs`` (one of them), ``weights`` (the input with fewer elements) or a tensor's name."""
    objective: str | None = None
    """What is minimised where the user does not say: ``latency``, ``energy`` or ``edp``."""
    method: str = "enumerate"
    """``exact`` (proven best), ``anneal``, ``genetic``, ``random``, or ``enumerate`` (the best of
    a small set, for any Einsum)."""
    tiles: Literal["auto", "perfect", "imperfect"] = "auto"
    """Tiles that divide their rank only, or a smaller last one too; ``auto``: a smaller one for
    ranks that have few divisors (a prime factor above 7)."""
    bypass: bool | tuple[str, ...] = False
    """Whether tensors may pass memories by: any memory, or those named."""
    keep: dict[str, tuple[str, ...]] = {}
    """Memory -> tensors that it must keep (names, ``output``, ``inputs``, ``weights``)."""
    leave_out: dict[str, tuple[str, ...]] = {}
    """Memory -> tensors that must pass it by."""
    whole: dict[str, tuple[str, ...]] = {}
    """Memory -> ranks that every tile in it spans."""
    double_buffer: tuple[str, ...] = ()
    """Memories that hold every tile twice, one in use and one on its way."""
    halo: Literal["whole", "overlap"] = "whole"
    """What the found mapping fetches of windows that overlap. The search itself fetches them whole;
    with ``overlap`` the mappings that it finds are counted again."""
    fuse: bool = True
    """Whether an exact search may run Einsums fused that hand tensors to each other."""
    evaluations: Annotated[int, Field(ge=1)] = 1_000_000
    """Candidates that a heuristic search may evaluate, for each Einsum."""
    seed: int = 0
    """Of a heuristic search: the same seed gives the same mapping."""


class MapperFile(_Strict):
    """A dataflow: ``mappers/fusemax.yaml`` and its like."""

    name: str
    """Name of the dataflow, for lists."""
    description: str = ""
    """One line for ``accelsim list``."""
    source: str = ""
    """Where the dataflow is published."""
    rewrites: dict[str, str] = {}
    """Cascade -> the cascade that this dataflow runs in its place."""
    cases: list[CaseFile] = []
    """Ways to map; of those whose Einsums and condition fit one is taken."""
    take: Literal["first", "best"] = "first"
    """Which of them: the first, or, once all are counted, the best for the objective."""
    search: SearchFile | None = None
    """For cascades that no case covers; without it they fall to ``fallback``."""
    fallback: str | None = None
    """The mapper of cascades that neither a case nor a search covers."""

    @model_validator(mode="after")
    def _does_something(self) -> MapperFile:
        if not self.cases and self.search is None and self.fallback is None:
            raise ValueError("has neither cases nor search nor fallback, must have one")
        return self


NestStep.model_rebuild()
