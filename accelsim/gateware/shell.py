"""A core for matrix products between AXI4-Streams and AXI4-Lite registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.gateware.axi import AxiLiteRegisters, AxiLiteSignature, AxiStreamSignature, Register
from accelsim.gateware.sequencer.core import MatrixCore
from accelsim.gateware.streams import Narrow, Widen

__all__ = ["ADDRESS_BITS", "REGISTERS", "ProductShell", "ShellSizes"]

ADDRESS_BITS = 6
VERSION = 1
REGISTERS = (
    Register("version", 0x00, "r"),
    Register("control", 0x04, "w1", bits=1),
    Register("status", 0x08, "r", bits=2),
    Register("m", 0x0C, "rw", reset=1, bits=16),
    Register("n", 0x10, "rw", reset=1, bits=16),
    Register("k", 0x14, "rw", reset=1, bits=16),
    Register("cycles", 0x18, "r"),
    Register("shape", 0x1C, "r"),
    Register("tiling", 0x20, "r"),
)
"""``control`` bit 0 starts a product of ``m`` x ``n`` x ``k`` units, and is ignored while one is
under way. ``status``: bit 0 while a product is under way, bit 1 once one is done. ``cycles``: of
the last product, from its first operand to its last result. ``shape``: rows and columns in 16 bits
each; ``tiling``: the longest tile in the low, the most folds in the high 16 bits."""


class ShellSizes(Protocol):
    """What the shell needs of an accelerator's parameters."""

    @property
    def rows(self) -> int: ...

    @property
    def columns(self) -> int: ...

    @property
    def folds(self) -> int: ...

    @property
    def tile(self) -> int:
        """Units of the streamed rank in the longest tile."""

    @property
    def stream_bytes(self) -> int: ...

    @property
    def a_bytes(self) -> int:
        """Of a word of A; so of B and of results."""

    @property
    def b_bytes(self) -> int: ...

    @property
    def z_bytes(self) -> int: ...


class ProductShell(wiring.Component):
    """A matrix core of any kind with the interface that all of them have.

    Parameters
    ----------
    parameters : ShellSizes
        Of the core and its streams.
    core : callable
        Makes the core.
    registers : tuple of ``Register``, optional
        Besides ``REGISTERS``.

    Members
    -------
    s_axi : ``In(AxiLiteSignature)``
        Registers, as ``REGISTERS`` says.
    s_axis_activations, s_axis_weights : ``In(AxiStreamSignature)``
        Operands in the order of tiles; ``tlast`` is not used.
    m_axis_results : ``Out(AxiStreamSignature)``
        Results; ``tlast`` with the last of a product.
    """

    def __init__(
        self,
        parameters: ShellSizes,
        core: Callable[[], MatrixCore],
        registers: tuple[Register, ...] = (),
    ) -> None:
        self.parameters = parameters
        self._core, self._more = core, registers
        beat = 8 * parameters.stream_bytes
        super().__init__(
            {
                "s_axi": In(AxiLiteSignature(ADDRESS_BITS)),
                "s_axis_activations": In(AxiStreamSignature(beat)),
                "s_axis_weights": In(AxiStreamSignature(beat)),
                "m_axis_results": Out(AxiStreamSignature(beat)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        parameters = self.parameters
        m.submodules.core = core = self._core()
        busy = Signal()
        # Operands are let in once their tile is known, so that they pass without a break.
        opens = Signal(core.START_CYCLES)
        m.d.sync += opens.eq(Mux(busy, Cat(1, opens), 0))
        open_now = opens[-1] & busy
        taken = [
            self._operand(m, "activations", parameters.a_bytes, core.activations, open_now),
            self._operand(m, "weights", parameters.b_bytes, core.weights, open_now),
        ]
        self._results(m, core.results)
        file = self._registers(m, core.products, busy, Cat(*taken).any())
        self.connect_registers(m, file, core)
        return m

    def connect_registers(self, m: Module, file: Any, core: Any) -> None:
        """Let registers besides ``REGISTERS`` do what they are for."""

    def _operand(self, m: Module, name: str, word_bytes: int, words: Any, opens: Any) -> Any:
        """Beats in words, while it is open; returns whether one is taken."""
        beat_bytes = self.parameters.stream_bytes
        m.submodules[f"widen_{name}"] = widen = Widen(8 * beat_bytes, word_bytes // beat_bytes)
        axis = getattr(self, f"s_axis_{name}")
        m.d.comb += [
            widen.i.payload.eq(axis.tdata),
            widen.i.valid.eq(axis.tvalid & opens),
            axis.tready.eq(widen.i.ready & opens),
        ]
        wiring.connect(m, widen.o, words)
        return axis.tvalid & axis.tready

    def _results(self, m: Module, words: Any) -> None:
        """Words in beats; the last beat of the last word is the last of all."""
        beat = 8 * self.parameters.stream_bytes
        count = self.parameters.z_bytes // self.parameters.stream_bytes
        m.submodules.narrow_results = narrow = Narrow(beat + 1, count)
        parts: list[Any] = []
        for at in range(count):
            last = words.payload.last if at == count - 1 else Signal(name="not_last")
            parts += [words.payload.values[at * beat : (at + 1) * beat], last]
        axis = self.m_axis_results
        m.d.comb += [
            narrow.i.payload.eq(Cat(*parts)),
            narrow.i.valid.eq(words.valid),
            words.ready.eq(narrow.i.ready),
            axis.tdata.eq(narrow.o.payload[:beat]),
            axis.tlast.eq(narrow.o.payload[beat]),
            axis.tvalid.eq(narrow.o.valid),
            narrow.o.ready.eq(axis.tready),
        ]

    def _registers(self, m: Module, products: Any, busy: Any, begins: Any) -> Any:
        parameters, axis = self.parameters, self.m_axis_results
        m.submodules.registers = file = AxiLiteRegisters(
            (*REGISTERS, *self._more), address_bits=ADDRESS_BITS
        )
        wiring.connect(m, wiring.flipped(self.s_axi), file.s_axi)
        done = Signal()
        counts = Signal()
        starts = Signal()
        ends = Signal()
        cycles = Signal(32)
        m.d.comb += [
            starts.eq(file.control.pulse & ~busy),
            ends.eq(axis.tvalid & axis.tready & axis.tlast),
            products.valid.eq(starts),
            *(products.payload[name].eq(getattr(file, name).value) for name in ("m", "n", "k")),
            file.version.value.eq(VERSION),
            file.status.value.eq(Cat(busy, done)),
            file.cycles.value.eq(cycles),
            file.shape.value.eq(parameters.rows | parameters.columns << 16),
            file.tiling.value.eq(parameters.tile | parameters.folds << 16),
        ]
        with m.If(starts):
            m.d.sync += [busy.eq(1), done.eq(0), cycles.eq(0), counts.eq(0)]
        with m.Elif(busy & (counts | begins)):
            m.d.sync += [counts.eq(1), cycles.eq(cycles + 1)]
            with m.If(ends):
                m.d.sync += [busy.eq(0), done.eq(1)]
        return file
