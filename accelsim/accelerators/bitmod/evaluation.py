"""BitMoD and what it is compared with, each at a width of weights, on a model and a stage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from accelsim.accelerators.bitmod.workloads import Version, products_of
from accelsim.architecture import Architecture, load_architecture
from accelsim.documents import check_model, read_document
from accelsim.errors import InputError, unknown_name
from accelsim.model.result import Result
from accelsim.pipeline import simulate
from accelsim.workload.models import Transformer, load_model

__all__ = ["ROUNDS", "Buffer", "Run", "buffer_figures", "published"]

ROUNDS = "bitmod-rounds"
"""The mapper that counts as the artifact does."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Buffer(_Strict):
    """CACTI's figures of a buffer whose rows have some width."""

    read_row_pj: float
    write_64_bits_pj: float
    area_mm2: float


class Width(_Strict):
    """What an accelerator does with weights of up to so many bits."""

    bits: int
    number: str
    """Their number type: of a bit-serial PE, it says how long a product takes."""
    row_bits: int
    """That one row of PEs reads in a step."""


class Contender(_Strict):
    """One of the accelerators that are compared."""

    on: str
    """Architecture for prompts; the one for generation is called ``-decode``."""
    activation_bits: int
    """That one column of PEs reads in a step."""
    widths: list[Width]
    scaled: bool = False
    """Whether a fraction of a bit is a weight's share of a scale, which PEs do not multiply; else
    it says that some layers have wider weights."""


class Headline(_Strict):
    """A mean of ratios over the six models."""

    figure: str
    quantity: str
    stage: str
    of: str
    over: str
    published: float
    tolerance: float | None
    source: str
    note: str = ""


class Row(_Strict):
    """One row of the artifact's output."""

    model: str
    accelerator: str
    weight_bits: str
    stage: str
    version: Version
    cycles: int
    energy_uj: float


class Published(_Strict):
    """``published.yaml``."""

    models: dict[str, str]
    buffers: dict[int, Buffer]
    contenders: dict[str, Contender]
    kv_bits: dict[str, int]
    weight_bits: dict[Version, dict[str, dict[str, dict[str, str]]]]
    headlines: list[Headline]
    rows: list[Row]
    notes: dict[str, str]


@cache
def published() -> Published:
    """Facts of the paper and of its artifact, each with its source in the file."""
    path = Path(str(resources.files(__package__).joinpath("published.yaml")))
    return check_model(Published, read_document(path), what="published figures")


@dataclass(frozen=True)
class Run:
    """One accelerator on one model at one stage."""

    accelerator: str
    """A name of ``contenders``: FP16, ANT, OliVe or BitMoD."""
    model: str
    """Shipped name of a model."""
    weight_bits: str
    """Bits of a weight on average, scales included; written as in ``4.0625``."""
    stage: str = "prefill"
    context: int = 256
    version: Version = "july-2025"
    mapper: str | None = None
    """The architecture's own where None."""

    @property
    def contender(self) -> Contender:
        known = published().contenders
        if self.accelerator not in known:
            raise InputError(unknown_name("BitMoD: accelerator", self.accelerator, known))
        return known[self.accelerator]

    @property
    def width(self) -> Width:
        """How the accelerator takes weights of these bits."""
        bits = _bits(self.weight_bits)
        if self.contender.scaled:
            bits = Fraction(int(bits))
        fitting = [each for each in self.contender.widths if bits <= each.bits]
        if not fitting:
            most = max(each.bits for each in self.contender.widths)
            raise InputError(
                f"BitMoD: weight_bits is {self.weight_bits}, must be at most {most} on "
                f"'{self.accelerator}'"
            )
        return fitting[0]

    def architecture(self) -> Architecture:
        """The machine, with the buffers' figures at the widths of its rows."""
        name = self.contender.on + ("-decode" if self.stage == "decode" else "")
        array = load_architecture(name).arrays["array"]
        weights = _buffer(array.rows * self.width.row_bits)
        activations = _buffer(array.columns * self.contender.activation_bits)
        return load_architecture(
            name,
            {
                **buffer_figures("weights", weights),
                **buffer_figures("activations", activations),
                "results.energy_pj.write": activations.write_64_bits_pj,
            },
        )

    def result(self) -> Result:
        """Cycles and energy.

        Raises:
            InputError: where a name or the bits are unknown.
        """
        workload = products_of(
            _model(self.model),
            stage=self.stage,
            context=self.context,
            weights=f"{self.width.number}~{self.weight_bits}",
            kv_cache=f"int{published().kv_bits[self.accelerator]}"
            if published().kv_bits[self.accelerator] < 16
            else "fp16",
            version=self.version,
        )
        return simulate(workload, on=self.architecture(), mapper=self.mapper)


def _bits(written: str) -> Fraction:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,9})?", written):
        raise InputError(f"BitMoD: weight_bits is '{written[:20]}', must be as in 4.0625")
    return Fraction(written)


@cache
def _model(name: str) -> Transformer:
    return load_model(name)


def _buffer(row_bits: int) -> Buffer:
    known = published().buffers
    if row_bits not in known:
        listed = ", ".join(map(str, known))
        raise InputError(f"BitMoD: a buffer's row has {row_bits} bits, must be one of {listed}")
    return known[row_bits]


def buffer_figures(memory: str, buffer: Buffer) -> Mapping[str, float]:
    """A buffer's figures as changes of an architecture."""
    return {
        f"{memory}.energy_pj.tile": buffer.read_row_pj,
        f"{memory}.energy_pj.read": buffer.read_row_pj,
        f"{memory}.energy_pj.write": buffer.write_64_bits_pj,
        f"{memory}.area_um2": buffer.area_mm2 * 1e6,
    }
