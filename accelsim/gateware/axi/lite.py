"""AXI4-Lite: its wires, and a file of registers behind them.

Source: Arm, AMBA AXI and ACE Protocol Specification (IHI 0022E), A3.2 and A3.3 (handshakes, and
what may wait for what), A3.4.3 (strobes), A3.4.4 (responses), B1 (AXI4-Lite).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.errors import InputError
from accelsim.gateware.axi.registers import Register, register_problems
from accelsim.gateware.streams.checks import refuse, whole_number

__all__ = ["OKAY", "SLVERR", "AxiLiteRegisters", "AxiLiteSignature"]

OKAY = 0b00
SLVERR = 0b10
"""IHI 0022E, table A3-4."""


def _problems(address_bits: object, data_bits: object) -> list[str]:
    found = whole_number("AXI4-Lite", "address_bits", address_bits, 1, 64)
    if isinstance(data_bits, bool) or data_bits not in (32, 64):
        found.append(f"AXI4-Lite: data_bits is {data_bits!r}, must be 32 or 64")
    return found


class AxiLiteSignature(wiring.Signature):
    """The wires of AXI4-Lite, seen from the manager.

    Parameters
    ----------
    address_bits : int
        1 to 64.
    data_bits : int
        32 or 64.

    Members
    -------
    awaddr, awprot, awvalid, awready
        Address of a write.
    wdata, wstrb, wvalid, wready
        Its data, with a bit of ``wstrb`` for each byte that is written.
    bresp, bvalid, bready
        What became of it.
    araddr, arprot, arvalid, arready
        Address of a read.
    rdata, rresp, rvalid, rready
        Its data.
    """

    def __init__(self, address_bits: int, data_bits: int = 32) -> None:
        if problems := _problems(address_bits, data_bits):
            raise InputError(problems)
        self.address_bits, self.data_bits = address_bits, data_bits
        members: dict[str, Any] = {}
        for channel, flow, payload in (
            ("aw", Out, {"addr": address_bits, "prot": 3}),
            ("w", Out, {"data": data_bits, "strb": data_bits // 8}),
            ("b", In, {"resp": 2}),
            ("ar", Out, {"addr": address_bits, "prot": 3}),
            ("r", In, {"data": data_bits, "resp": 2}),
        ):
            back = In if flow is Out else Out
            members |= {f"{channel}{name}": flow(bits) for name, bits in payload.items()}
            members |= {f"{channel}valid": flow(1), f"{channel}ready": back(1)}
        super().__init__(members)


class AxiLiteRegisters(wiring.Component):
    """A file of registers: what a processor writes and reads, as signals.

    Writes: address and data come in any order. Two cycles after the later of them has come the
    registers have changed, and ``bvalid`` rises. Reads: a register is looked at in the cycle after
    its address has come; ``rvalid`` rises in the next. One write and one read can begin every two
    cycles, and each waits while the response before it is not taken. A read that begins when a
    write is answered sees what was written.

    An address without a register, or not a whole multiple of ``data_bits / 8``, and a write to
    what can only be read are answered with SLVERR and change nothing; data are then 0. ``awprot``
    and ``arprot`` are ignored. All outputs depend on registers alone.

    Parameters
    ----------
    registers : sequence of ``Register``
        With names, offsets and kinds of access.
    address_bits : int
        1 to 64.
    data_bits : int
        32 or 64.

    Members
    -------
    s_axi : ``In(AxiLiteSignature(address_bits, data_bits))``
        The manager's side.
    *name* : ``Out(wiring.Signature({...}))``
        One for each register: ``value`` where it is "rw", ``pulse`` where it is "w1", and, as an
        input, ``value`` where it is "r".
    """

    def __init__(
        self, registers: Sequence[Register], *, address_bits: int, data_bits: int = 32
    ) -> None:
        problems = _problems(address_bits, data_bits)
        refuse(self, problems or register_problems(registers, address_bits, data_bits))
        self.registers = tuple(registers)
        self.address_bits, self.data_bits = address_bits, data_bits
        members = {register.name: Out(register.signature) for register in self.registers}
        super().__init__({"s_axi": In(AxiLiteSignature(address_bits, data_bits)), **members})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._write(m)
        self._read(m)
        return m

    def _write(self, m: Module) -> None:
        """Address and data are kept as they come; with both, and nobody waiting, it is done."""
        bus = self.s_axi
        chosen = Signal(len(self.registers), name="write_chosen", reset_less=True)
        data = Signal(self.data_bits, name="write_data", reset_less=True)
        strobes = Signal(self.data_bits // 8, name="write_strobes", reset_less=True)
        addressed = Signal()
        filled = Signal()
        does = Signal(name="write")
        m.d.comb += [
            bus.awready.eq(~addressed),
            bus.wready.eq(~filled),
            does.eq(addressed & filled & (bus.bready | ~bus.bvalid)),
        ]
        with m.If(bus.awready & bus.awvalid):
            m.d.sync += [addressed.eq(1), chosen.eq(self._chosen(bus.awaddr, writes=True))]
        with m.If(bus.wready & bus.wvalid):
            m.d.sync += [filled.eq(1), data.eq(bus.wdata), strobes.eq(bus.wstrb)]
        with m.If(bus.bready):
            m.d.sync += bus.bvalid.eq(0)
        with m.If(does):
            m.d.sync += [addressed.eq(0), filled.eq(0), bus.bvalid.eq(1)]
            m.d.sync += bus.bresp.eq(Mux(chosen.any(), OKAY, SLVERR))
        for at, register in enumerate(self.registers):
            if register.access == "w1":
                m.d.sync += self._signal(register).eq(0)
            if register.access != "r":
                with m.If(does & chosen[at]):
                    self._change(m, register, data, strobes)

    def _change(self, m: Module, register: Register, data: Any, strobes: Any) -> None:
        """Write the bytes whose strobes are set."""
        signal = self._signal(register)
        for byte, low in enumerate(range(0, register.bits, 8)):
            part = slice(low, min(low + 8, register.bits))
            with m.If(strobes[byte]):
                m.d.sync += signal[part].eq(data[part])

    def _read(self, m: Module) -> None:
        bus = self.s_axi
        chosen = Signal(len(self.registers), name="read_chosen", reset_less=True)
        addressed = Signal(name="read_addressed")
        does = Signal(name="read")
        m.d.comb += [
            bus.arready.eq(~addressed),
            does.eq(addressed & (bus.rready | ~bus.rvalid)),
        ]
        values = [
            Mux(chosen[at], self._signal(register), 0) if register.access != "w1" else Const(0)
            for at, register in enumerate(self.registers)
        ]
        with m.If(bus.arready & bus.arvalid):
            m.d.sync += [addressed.eq(1), chosen.eq(self._chosen(bus.araddr, writes=False))]
        with m.If(bus.rready):
            m.d.sync += bus.rvalid.eq(0)
        with m.If(does):
            m.d.sync += [
                addressed.eq(0),
                bus.rvalid.eq(1),
                bus.rdata.eq(reduce(or_, values)),
                bus.rresp.eq(Mux(chosen.any(), OKAY, SLVERR)),
            ]

    def _chosen(self, address: Any, *, writes: bool) -> Any:
        """A bit for each register, set for the one that is read or may be written.

        Addresses are compared as they come, so that later every bit of data waits for one wire.
        """
        return Cat(
            Const(0) if writes and register.access == "r" else address == register.offset
            for register in self.registers
        )

    def _signal(self, register: Register) -> Any:
        interface = getattr(self, register.name)
        return interface.pulse if register.access == "w1" else interface.value
