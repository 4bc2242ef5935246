"""Parts that are emitted once, whatever they are made of."""

from typing import Any

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.gateware.sharing import place, rtlil_of
from accelsim.gateware.yosys import run_yosys


class Leaf(wiring.Component):  # type: ignore[misc]
    """The other of each bit, behind a register or not."""

    a: In(4)
    y: Out(4)

    def __init__(self, *, register: bool) -> None:
        self.register = register
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d["sync" if self.register else "comb"] += self.y.eq(~self.a)
        return m


class Holder(wiring.Component):  # type: ignore[misc]
    """Two of a part, and a register perhaps; itself shared perhaps."""

    a: In(4)
    y: Out(4)

    def __init__(self, make: Any, module: str, *, register: bool) -> None:
        self.make, self.module, self.register = make, module, register
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        first, second = self.make(), self.make()
        m.submodules.first = place(first, platform, self.module)
        m.submodules.second = place(second, platform, self.module)
        middle = Signal(4)
        m.d["sync" if self.register else "comb"] += middle.eq(first.y)
        m.d.comb += [first.a.eq(self.a), second.a.eq(middle), self.y.eq(second.y)]
        return m


def leaf(*, register: bool) -> Any:
    return lambda: Leaf(register=register)


def holder(*, register: bool, inside: bool) -> Any:
    return lambda: Holder(leaf(register=inside), "leaf", register=register)


@pytest.mark.parametrize("top", [False, True])
@pytest.mark.parametrize("outer", [False, True])
@pytest.mark.parametrize("inner", [False, True])
def test_parts_without_a_register_get_no_clock(*, top: bool, outer: bool, inner: bool) -> None:
    made = Holder(holder(register=outer, inside=inner), "middle", register=top)
    text = rtlil_of(made, "top")
    # Every port that is connected must be there, of every instance.
    run_yosys(f"read_rtlil <<EOT\n{text}\nEOT\nhierarchy -check -top top")
    assert text.count("cell \\leaf ") == text.count("cell \\middle ") == 2
    leaves = text[text.index("module \\leaf") :]
    assert ("input 1  \\clk" in leaves) == inner
    middle = text[text.index("module \\middle") : text.index("module \\leaf")]
    assert middle.count("connect \\clk ") == 2 * inner
