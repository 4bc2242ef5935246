"""What a file of a DRAM part may say, as checked models."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from accelsim.sizes import no_truth_value

__all__ = ["DramFile", "DramTiming", "Parameter"]

_Plain = BeforeValidator(no_truth_value)
Whole = Annotated[int, _Plain, Field(ge=1, le=2**40)]
Cycles = Annotated[int, _Plain, Field(ge=0, le=2**30)]
Nanoseconds = Annotated[float, _Plain, Field(gt=0, le=1e9, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Parameter(_Strict):
    """A timing parameter: in nanoseconds, in cycles, or the greater of both."""

    ns: Nanoseconds | None = None
    """Least time, in nanoseconds."""
    cycles: Cycles | None = None
    """Least time, in cycles of the command clock."""
    source: str = Field(min_length=1)
    """Where it is from."""

    @model_validator(mode="after")
    def _is_given(self) -> Parameter:
        if self.ns is None and self.cycles is None:
            raise ValueError("holds no figure, must hold ns, cycles or both; add one")
        return self

    def at(self, clock_hz: int) -> int:
        """Whole cycles at a clock."""
        # Through text: 13.75 is meant as written, not as the nearest binary fraction.
        exact = Fraction(str(self.ns)) * clock_hz / 10**9 if self.ns is not None else 0
        return max(ceil(exact), self.cycles or 0)


class DramTiming(_Strict):
    """The parameters of a part, under their names in data sheets without the ``t``."""

    CCD_S: Parameter
    CCD_L: Parameter
    RCD: Parameter
    RCD_W: Parameter | None = None
    """ACT to WRITE where it differs from ACT to READ."""
    RP: Parameter
    RAS: Parameter
    RC: Parameter
    RTP: Parameter
    WR: Parameter
    WTR_S: Parameter
    WTR_L: Parameter
    RRD_S: Parameter
    RRD_L: Parameter
    FAW: Parameter
    REFI: Parameter
    RFC: Parameter
    CL: Parameter
    CWL: Parameter
    DQSS: Parameter | None = None
    """How much later than CWL written data may begin."""
    TURN: Parameter
    """Gap on the data bus between read and written data."""


class DramFile(_Strict):
    """A DRAM part at one speed grade: ``ddr4.yaml`` and its like."""

    name: str = Field(min_length=1)
    """Part and speed grade."""
    description: str = ""
    """One line: the part, its density, its pins."""
    clock_hz: Whole
    """Command clock, in Hz."""
    channel_bits: Whole
    """Data pins of one channel."""
    burst_length: Whole
    """Transfers on each pin by one READ or WRITE."""
    burst_cycles: Whole
    """Cycles of the command clock that a burst holds the data bus."""
    banks: Whole
    """Banks of one channel."""
    bank_groups: Whole
    """Bank groups of one channel; 1 for a part without them."""
    row_bytes: Whole
    """Bytes that one ACT opens over the whole channel."""
    timing: DramTiming
    """The timing parameters."""
    sources: dict[str, str] = {}
    """Figure (``clock_hz``, ``banks``, ``row_bytes``) -> where it is from."""
