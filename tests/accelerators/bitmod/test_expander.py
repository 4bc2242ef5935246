"""From codes to terms, with every stream held up at random, against a few lines of Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("amaranth")

from amaranth.hdl import Module
from amaranth.lib import wiring

from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.bitmod.encoder import special_file
from accelsim.accelerators.bitmod.expander import TermExpander
from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.accelerators.bitmod.terms import term_table
from accelsim.gateware.compiled import Run
from accelsim.gateware.compiled.packing import pack
from accelsim.gateware.sequencer.tiles import TileSizes

INPUTS = ("a", "b", "tiles")
OUTPUTS = ("activations", "weights")
FLAGS = 7
SHORTEST = {"fp3": 8, "fp4": 8, "int4": 8, "int6": 6, "int8": 4}
"""Words of codes in the shortest group."""


class Fixed(wiring.Component):  # type: ignore[misc]
    """The expander, its special values those of the paper."""

    def __init__(self, parameters: BitModParameters, sizes: TileSizes) -> None:
        self.part = TermExpander(parameters, sizes)
        self.specials = special_file(parameters.format)
        members = dict(self.part.signature.members)
        del members["specials"]
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.part = part = self.part
        m.d.comb += part.specials.as_value().eq(self.specials)
        for name in (*INPUTS, *OUTPUTS):
            outer, inner = getattr(self, name), getattr(part, name)
            if name in INPUTS:
                wiring.connect(m, wiring.flipped(outer), inner)
            else:
                wiring.connect(m, inner, wiring.flipped(outer))
        return m


class Job:
    """Tiles with random operands, and what must come of them."""

    def __init__(self, p: BitModParameters, sizes: TileSizes, seed: int, tiles: int) -> None:
        self.p, self.sizes = p, sizes
        self.random = np.random.default_rng(seed)
        self.rows: dict[str, list[Any]] = {name: [] for name in (*INPUTS, *OUTPUTS)}
        for _ in range(tiles):
            self._tile()

    def _tile(self) -> None:
        p, random = self.p, self.random
        m, n = (int(random.integers(1, getattr(self.sizes, each) + 1)) for each in "mn")
        k = int(random.integers(p.shortest, self.sizes.k + 1))
        self.rows["tiles"].append((m - 1, n - 1, k - 1))
        for _ in range(m * n):
            self._group(k)

    def _group(self, k: int) -> None:
        p, random = self.p, self.random
        bits, steps = p.format.code_bits, p.format.steps
        scales, selectors = random.integers(0, 256, p.columns), random.integers(0, 4, p.columns)
        # Above scale and selector a head may have anything.
        heads = scales | selectors << 8 | random.integers(0, 8, p.columns) << 10
        places = bits * np.arange(p.heads * p.lanes).reshape(p.heads, 1, p.lanes)
        # Nothing is left of them beyond 13 bits.
        pieces = heads[:, None] >> np.minimum(places, 13) & (1 << bits) - 1
        self.rows["b"] += pieces.reshape(p.heads, -1).tolist()
        table = term_table(p.weights)
        for at in range(k):
            codes = random.integers(0, 1 << bits, (p.columns, p.lanes))
            self.rows["b"].append(codes.ravel().tolist())
            values = random.integers(0, 1 << 16, p.rows * p.lanes).tolist()
            self.rows["a"].append((values, at == k - 1))
            for step in range(steps):
                left = (k - at) * steps - step - 1
                words = []
                for column in range(p.columns):
                    terms = table[selectors[column], codes[column], step]
                    packed = (terms[:, 0] | terms[:, 1] << 1 | terms[:, 2] << 3).tolist()
                    shared = p.format.significances[step] + 1
                    scale = int(scales[column]) >> 7 - left & 1 if left < 8 else 0
                    words += [*packed, shared | scale << 3]
                self.rows["weights"].append(words)
                self.rows["activations"].append((values, left == 0))

    def packed(self, name: str) -> Any:
        """Rows of a stream as words of 32 bits."""
        rows = self.rows[name]
        if name == "tiles":
            widths = [max(getattr(self.sizes, each) - 1, 0).bit_length() for each in "mnk"]
            columns = zip(*rows, strict=True)
            fields = [
                (np.array(values)[:, None], width)
                for values, width in zip(columns, widths, strict=True)
                if width
            ]
            return pack(*fields, (np.zeros((len(rows), 1), int), FLAGS))
        if name == "b":
            return pack((np.array(rows), self.p.format.code_bits))
        if name == "weights":
            return pack((np.array(rows), 4))
        values = np.array([each for each, _ in rows])
        return pack((values, 16), (np.array([[last] for _, last in rows]), 1))

    def run(self, *, stalled: bool) -> Run:
        stalls: dict[str, Any] = {}
        if stalled:
            share = self.random.random(4) * 0.6
            made = [(self.random.random(211) < each).astype(np.uint8) for each in share]
            # Both outputs are taken at once, as the array does.
            stalls = dict(zip((*INPUTS, *OUTPUTS), (*made, made[-1]), strict=True))
        runner = Runner(lambda: Fixed(self.p, self.sizes), "amaranth")
        return runner.run(
            {name: self.packed(name) for name in INPUTS},
            {name: len(self.rows[name]) for name in OUTPUTS},
            stalls=stalls,
            most_cycles=20_000,
            extra_cycles=20,
        )


def job(weights: str, lanes: int, tiles: int, seed: int = 1) -> Job:
    columns = 4 if (weights, lanes) == ("fp3", 2) else 2
    group = lanes * (SHORTEST[weights] + 3)
    p = BitModParameters(1, columns, lanes, weights, group=group, folds=2)
    return Job(p, TileSizes(2, 2, p.tile), seed, tiles)


def check(made: Job, run: Run) -> None:
    for name in OUTPUTS:
        assert run.passed[name] == len(made.rows[name])
        assert run.broken[name] == 0
        assert (run.outputs[name] == made.packed(name)).all()
    assert run.passed["tiles"] == len(made.rows["tiles"])
    assert run.passed["b"] == len(made.rows["b"])
    assert (run.stamps["activations"] == run.stamps["weights"]).all()


@pytest.mark.parametrize("weights", ["fp3", "int8"])
def test_every_word_has_its_terms_and_bit_of_the_scale(weights: str) -> None:
    made = job(weights, 2, 3)
    check(made, made.run(stalled=True))


@pytest.mark.slow
@pytest.mark.parametrize("weights", SHORTEST)
@pytest.mark.parametrize("lanes", [2, 4, 8])
def test_many_tiles_that_are_held_up(weights: str, lanes: int) -> None:
    made = job(weights, lanes, 30, lanes)
    check(made, made.run(stalled=True))


def test_groups_follow_each_other_without_a_break() -> None:
    made = job("int6", 4, 2)
    run = made.run(stalled=False)
    check(made, run)
    assert set(np.diff(run.stamps["weights"]).tolist()) == {1}
