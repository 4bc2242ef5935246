"""What the paper does not compare: both skeletons, 2 to 16 lanes, dense arrays of the same area.

Every design has as many PEs as fit into the area of the paper's FP16 array, in 32 columns for
prompts and in 16 for single tokens, and the same buffers. The PE of BitMoD with other lanes is
estimated from its published parts: exponents and product grow with the lanes, group accumulation
and dequantisation do not. An INT8 PE is scaled from the FP16 one by Horowitz (ISSCC 2014, figure
1.1.9: an 8-bit product and a 32-bit sum against a 16-bit floating-point product and sum). Rows of
buffers cost what CACTI says at the nearest widths, interpolated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from accelsim.accelerators.bitmod.evaluation import Buffer, buffer_figures, published
from accelsim.accelerators.bitmod.workloads import products_of
from accelsim.architecture import Architecture, load_architecture
from accelsim.model.result import Result
from accelsim.pipeline import simulate
from accelsim.quantization.sample import sample_snr_db
from accelsim.workload.models import load_model

__all__ = ["LANES", "SKELETONS", "Design", "Outcome", "designs", "outcomes", "quantization_snr_db"]

LANES = (2, 4, 8, 16)
SKELETONS = {"output-stationary": "bitmod", "weight-stationary": "bitmod-weight-stationary"}
"""Name -> mapper."""
COLUMNS = {"prefill": 32, "decode": 16}
MODEL, CONTEXT = "llama-2-7b", 256
_BUDGET_UM2 = 32 * 24 * 1968.7
"""Of all PEs: the FP16 array of BitMoD's evaluation, at 28 nm."""
_PE_UM2 = {"FP16": 1968.7, "ANT": 1318.6, "OliVe": 1318.6}
_PE_PJ = {"FP16": 0.77, "ANT": 0.56, "OliVe": 0.613}
_PLACED = 1.5
"""Energy after place and route over that of synthesis, as in BitMoD's artifact."""
_BITMOD_UM2, _BITMOD_PJ = 1507.7, 0.56
_LANE_UM2, _SHARED_UM2 = (306.9 + 748.3) / 4, 546.1 + 192.4
_LANE_MW, _SHARED_MW = (0.136 + 0.185) / 4, 0.195 + 0.070
"""Of a lane, and of what all lanes share: BitMoD, HPCA 2025, table of the PE's parts."""
_INT8_UM2 = 1968.7 * (282 + 137) / (1640 + 1360)
_INT8_PJ = 0.77 * (0.2 + 0.1) / (1.1 + 0.4)


@dataclass(frozen=True)
class Design:
    """One kind of PE in one skeleton, at one type of weights."""

    kind: str
    """``FP16``, ``INT8``, ``ANT``, ``OliVe`` or ``BitMoD``."""
    skeleton: str
    weights: str
    """Number type."""
    bits: str
    """Of a weight on average, with its share of a scale."""
    row_bits: int
    """Of a weight as a buffer's row has it."""
    quantizer: str
    """Format of the quantiser that makes such weights; empty where nothing is quantised."""
    lanes: int = 1

    @property
    def name(self) -> str:
        """As tables show it."""
        lanes = f" {self.lanes} lanes" if self.kind == "BitMoD" else ""
        return f"{self.kind}{lanes}, {self.weights}, {self.skeleton}"

    @cached_property
    def pe_um2(self) -> float:
        """Area of a PE."""
        if self.kind == "BitMoD":
            parts = _LANE_UM2 * self.lanes + _SHARED_UM2
            return _BITMOD_UM2 * parts / (_LANE_UM2 * 4 + _SHARED_UM2)
        return _INT8_UM2 if self.kind == "INT8" else _PE_UM2[self.kind]

    @cached_property
    def pe_pj(self) -> float:
        """Energy of a PE a cycle, placed and routed."""
        if self.kind == "BitMoD":
            parts = (_LANE_MW * self.lanes + _SHARED_MW) / (_LANE_MW * 4 + _SHARED_MW)
            return _PLACED * _BITMOD_PJ * parts
        return _PLACED * (_INT8_PJ if self.kind == "INT8" else _PE_PJ[self.kind])

    def rows(self, stage: str) -> int:
        """Of PEs: as many as the area holds."""
        return max(1, int(_BUDGET_UM2 / (self.pe_um2 * COLUMNS[stage])))

    def architecture(self, stage: str) -> Architecture:
        """The machine at a stage."""
        base = "bitmod" if self.kind == "BitMoD" else "bitmod-fp16"
        rows, columns = self.rows(stage), COLUMNS[stage]
        activation_bits = 8 if self.kind == "INT8" else 16
        # Weights lie along the rows of an output-stationary array, activations along its columns;
        # a weight-stationary one takes activations along its rows, and weights only now and then.
        stationary = self.skeleton == "weight-stationary"
        a_side, b_side = (rows, columns) if stationary else (columns, rows)
        weights = _interpolated(b_side * self.lanes * self.row_bits)
        activations = _interpolated(a_side * self.lanes * activation_bits)
        figures: dict[str, int | float | str] = {
            "array.rows": rows,
            "array.columns": columns,
            "array.cycle_energy_pj": self.pe_pj,
            "array.area_um2.mac": self.pe_um2,
            "results.energy_pj.write": activations.write_64_bits_pj,
        }
        if self.kind == "BitMoD":
            figures["array.lanes"] = self.lanes
        return load_architecture(
            base,
            {
                **figures,
                **buffer_figures("weights", weights),
                **buffer_figures("activations", activations),
            },
        )

    def result(self, stage: str) -> Result:
        """One prompt, or one token, of the model."""
        cache = "fp16" if self.kind in ("FP16", "ANT", "OliVe") else "int8"
        workload = products_of(
            load_model(MODEL),
            stage=stage,
            context=CONTEXT,
            weights=f"{self.weights}~{self.bits}",
            kv_cache=cache,
            activations="int8" if self.kind == "INT8" else "fp16",
        )
        mapper = SKELETONS[self.skeleton]
        return simulate(workload, on=self.architecture(stage), mapper=mapper)


@dataclass(frozen=True)
class Outcome:
    """What a design gives."""

    design: Design
    prompt_ms: float
    token_ms: float
    prompt_mj: float
    token_mj: float
    snr_db: float
    """Of its weights; infinite where they are those of the model."""
    pareto: bool = False
    """Whether no design has less energy a token at as little error."""

    def as_row(self) -> dict[str, str | int | float | bool]:
        """For tables and CSV."""
        design = self.design
        return {
            "design": design.kind,
            "lanes": design.lanes,
            "weights": design.weights,
            "bits": float(design.bits),
            "skeleton": design.skeleton,
            "pe_rows_prompt": design.rows("prefill"),
            "pe_rows_token": design.rows("decode"),
            "prompt_ms": self.prompt_ms,
            "token_ms": self.token_ms,
            "prompt_mj": self.prompt_mj,
            "token_mj": self.token_mj,
            "weight_snr_db": self.snr_db,
            "pareto": self.pareto,
        }


def designs() -> Iterator[Design]:
    """All that are compared."""
    for skeleton in SKELETONS:
        yield Design("FP16", skeleton, "fp16", "16", 16, "")
        yield Design("INT8", skeleton, "int8", "8.0625", 8, "int8")
        yield Design("ANT", skeleton, "ant4", "4.0625", 4, "ant4")
        yield Design("OliVe", skeleton, "olive4", "4.0625", 4, "olive4")
        for lanes in LANES:
            for weights, bits, row_bits, quantizer in (
                ("bitmod-fp3", "3.078125", 2, "bitmod-fp3"),
                ("bitmod-fp4", "4.078125", 4, "bitmod-fp4"),
                ("int6", "6.0625", 4, "int6"),
                ("int8", "8.0625", 6, "int8"),
            ):
                yield Design("BitMoD", skeleton, weights, bits, row_bits, quantizer, lanes)


def outcomes(chosen: Iterator[Design] | None = None) -> list[Outcome]:
    """Simulate the designs, and mark those on the front of energy a token and error."""
    found = [_outcome(each) for each in (chosen if chosen is not None else designs())]
    return [
        Outcome(
            each.design,
            each.prompt_ms,
            each.token_ms,
            each.prompt_mj,
            each.token_mj,
            each.snr_db,
            not any(_beats(other, each) for other in found),
        )
        for each in found
    ]


def _beats(one: Outcome, other: Outcome) -> bool:
    no_worse = one.token_mj <= other.token_mj and one.snr_db >= other.snr_db
    return no_worse and (one.token_mj < other.token_mj or one.snr_db > other.snr_db)


def _outcome(design: Design) -> Outcome:
    prompt, token = design.result("prefill"), design.result("decode")
    assert prompt.energy_pj is not None
    assert token.energy_pj is not None
    return Outcome(
        design,
        prompt.seconds * 1e3,
        token.seconds * 1e3,
        prompt.energy_pj / 1e9,
        token.energy_pj / 1e9,
        quantization_snr_db(design.quantizer),
    )


def quantization_snr_db(quantizer: str) -> float:
    """Signal over error of a seeded matrix with heavy tails, groups of 128; infinite without."""
    return sample_snr_db(quantizer) if quantizer else float("inf")


def _interpolated(row_bits: int) -> Buffer:
    """CACTI's figures between the widths that are known, and at its ends beyond."""
    import numpy as np

    known = published().buffers
    widths = sorted(known)

    def at(field: str) -> float:
        return float(np.interp(row_bits, widths, [getattr(known[w], field) for w in widths]))

    return Buffer(
        read_row_pj=at("read_row_pj"),
        write_64_bits_pj=at("write_64_bits_pj"),
        area_mm2=at("area_mm2"),
    )
