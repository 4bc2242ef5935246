"""AXI4-Stream: its wires, and the ways between them and streams.

Source: Arm, AMBA 4 AXI4-Stream Protocol Specification (IHI 0051A), chapter 2. TSTRB, TKEEP, TID,
TDEST and TUSER are left out: every byte counts, and there is one stream.
"""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from accelsim.errors import InputError
from accelsim.gateware.streams.checks import refuse
from accelsim.gateware.streams.skid import SkidBuffer

__all__ = ["MOST_BITS", "AxiStreamIn", "AxiStreamOut", "AxiStreamSignature", "packet"]

MOST_BITS = 4096
"""Of ``tdata``. Assumed: a row of results of the widest array, 128 sums of 32 bits."""


def _problems(data_bits: object) -> list[str]:
    legal = isinstance(data_bits, int) and not isinstance(data_bits, bool)
    if legal and data_bits in range(8, MOST_BITS + 1, 8):
        return []
    rule = f"must be a multiple of 8 from 8 to {MOST_BITS:,}"
    return [f"AXI4-Stream: data_bits is {data_bits!r}, {rule}"]


class AxiStreamSignature(wiring.Signature):
    """The wires of an AXI4-Stream, seen from where the data come from.

    Parameters
    ----------
    data_bits : int
        Whole bytes.

    Members
    -------
    tdata : ``Out(data_bits)``
        Bytes, the first in the low bits.
    tvalid : ``Out(1)``
        Data are there, and stay until they are taken.
    tready : ``In(1)``
        Data are taken.
    tlast : ``Out(1)``
        The last data of a packet.
    """

    def __init__(self, data_bits: int) -> None:
        if problems := _problems(data_bits):
            raise InputError(problems)
        self.data_bits = data_bits
        super().__init__(
            {"tdata": Out(data_bits), "tvalid": Out(1), "tready": In(1), "tlast": Out(1)}
        )


def packet(data_bits: int) -> data.StructLayout:
    """The payload that stands for an AXI4-Stream: ``data``, and ``last`` of a packet."""
    return data.StructLayout({"data": data_bits, "last": 1})


class AxiStreamIn(wiring.Component):
    """From an AXI4-Stream to a stream.

    A register lies between the two in either direction: what comes can leave in the next cycle,
    data can pass in every cycle, and neither side's signals reach the other within a cycle.

    Parameters
    ----------
    data_bits : int
        Whole bytes.

    Members
    -------
    axis : ``In(AxiStreamSignature(data_bits))``
        ``tready`` is a register.
    o : ``Out(stream)``
        ``data`` and ``last``; ``valid`` and ``payload`` are registers.
    """

    latency_cycles = 1
    """From data that are taken to their way out."""

    def __init__(self, data_bits: int) -> None:
        refuse(self, _problems(data_bits))
        self.data_bits = data_bits
        super().__init__(
            {
                "axis": In(AxiStreamSignature(data_bits)),
                "o": Out(stream.Signature(packet(data_bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = SkidBuffer(packet(self.data_bits))
        m.d.comb += [
            buffer.i.payload.data.eq(self.axis.tdata),
            buffer.i.payload.last.eq(self.axis.tlast),
            buffer.i.valid.eq(self.axis.tvalid),
            self.axis.tready.eq(buffer.i.ready),
        ]
        wiring.connect(m, buffer.o, wiring.flipped(self.o))
        return m


class AxiStreamOut(wiring.Component):
    """From a stream to an AXI4-Stream, with the same registers as ``AxiStreamIn``.

    Parameters
    ----------
    data_bits : int
        Whole bytes.

    Members
    -------
    i : ``In(stream)``
        ``data`` and ``last``; ``ready`` is a register.
    axis : ``Out(AxiStreamSignature(data_bits))``
        ``tvalid``, ``tdata`` and ``tlast`` are registers.
    """

    latency_cycles = 1
    """From data that are taken to their way out."""

    def __init__(self, data_bits: int) -> None:
        refuse(self, _problems(data_bits))
        self.data_bits = data_bits
        super().__init__(
            {
                "i": In(stream.Signature(packet(data_bits))),
                "axis": Out(AxiStreamSignature(data_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = SkidBuffer(packet(self.data_bits))
        wiring.connect(m, wiring.flipped(self.i), buffer.i)
        m.d.comb += [
            self.axis.tdata.eq(buffer.o.payload.data),
            self.axis.tlast.eq(buffer.o.payload.last),
            self.axis.tvalid.eq(buffer.o.valid),
            buffer.o.ready.eq(self.axis.tready),
        ]
        return m
