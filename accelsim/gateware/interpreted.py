"""The same runs in Amaranth's own simulator: slow, but with nothing to install or to compile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.gateware.compiled.simulator import WORD_BITS, Run, stream_ports

if TYPE_CHECKING:
    import numpy as np
    from amaranth.lib.wiring import Component
    from numpy.typing import NDArray

__all__ = ["Interpreted"]


class Interpreted:
    """A component as it is described, hierarchy and all. Every run begins with reset."""

    def __init__(self, component: Component) -> None:
        from accelsim.gateware.sharing import ports_of

        self._component = component
        self._ports = {name: value for name, (value, _) in ports_of(component).items()}

    def run(
        self,
        inputs: Mapping[str, NDArray[np.uint32]],
        outputs: Mapping[str, int],
        *,
        stalls: Mapping[str, NDArray[np.uint8]] | None = None,
        most_cycles: int = 1_000_000,
        extra_cycles: int = 0,
        vcd: Path | None = None,
    ) -> Run:
        """As ``Compiled.run``; a component can be run once."""
        import numpy as np
        from amaranth.sim import Simulator

        streams = [
            _Stream(name, self._ports, inputs.get(name), outputs.get(name, 0), stalls or {})
            for name in (*inputs, *outputs)
        ]
        cycles = 0

        async def drive(ctx: Any) -> None:
            nonlocal cycles
            left = extra_cycles
            while cycles < most_cycles and left >= 0:
                for stream in streams:
                    stream.drive(ctx, cycles)
                # What follows from inputs within the cycle is there before the clock's edge.
                for stream in streams:
                    stream.sample(ctx, cycles)
                cycles += 1
                left -= all(stream.done for stream in streams)
                await ctx.tick()

        simulator = Simulator(self._component)
        simulator.add_clock(1e-8)
        simulator.add_testbench(drive)
        if vcd is None:
            simulator.run()
        else:
            with simulator.write_vcd(str(vcd)):
                simulator.run()
        return Run(
            cycles,
            {s.name: np.array(s.taken, np.uint32).reshape(-1, s.words) for s in streams if s.out},
            {s.name: np.array(s.stamps, np.int64) for s in streams},
            {s.name: s.passed for s in streams},
            {s.name: s.broken for s in streams},
        )


class _Stream:
    def __init__(
        self,
        name: str,
        ports: Mapping[str, Any],
        items: NDArray[np.uint32] | None,
        count: int,
        stalls: Mapping[str, NDArray[np.uint8]],
    ) -> None:
        valid, ready, payload = stream_ports(name, ports.__contains__)
        self.name, self.out = name, items is None
        self.valid, self.ready = ports[valid], ports[ready]
        self.payload = [ports[port] for port in payload]
        self.words = sum(-(-len(port) // WORD_BITS) for port in self.payload)
        self.items = [] if items is None else items.tolist()
        self.count = count if items is None else len(self.items)
        self.stalls = stalls.get(name, ())
        self.taken: list[list[int]] = []
        self.stamps: list[int] = []
        self.passed = self.broken = 0
        self.offered = False
        self.waiting: list[int] | None = None

    @property
    def done(self) -> bool:
        return self.passed >= self.count

    def drive(self, ctx: Any, cycle: int) -> None:
        stalled = len(self.stalls) > 0 and bool(self.stalls[cycle % len(self.stalls)])
        if self.out:
            ctx.set(self.ready, not stalled)
            return
        if not self.offered and not stalled and self.passed < self.count:
            self.offered = True
            words = self.items[self.passed]
            for port in self.payload:
                used = -(-len(port) // WORD_BITS)
                ctx.set(port, _joined(words[:used]) & ((1 << len(port)) - 1))
                words = words[used:]
        ctx.set(self.valid, self.offered)

    def sample(self, ctx: Any, cycle: int) -> None:
        valid, ready = ctx.get(self.valid), ctx.get(self.ready)
        if self.out:
            now = self._payload(ctx)
            self.broken += self.waiting is not None and (not valid or now != self.waiting)
            self.waiting = now if valid and not ready else None
        if not (valid and ready):
            return
        if self.passed < self.count:
            self.stamps.append(cycle)
            if self.out:
                self.taken.append(now)
        self.offered = False
        self.passed += 1

    def _payload(self, ctx: Any) -> list[int]:
        words = []
        for port in self.payload:
            value = ctx.get(port.as_unsigned())
            for at in range(-(-len(port) // WORD_BITS)):
                words.append(value >> (WORD_BITS * at) & ((1 << WORD_BITS) - 1))
        return words


def _joined(words: list[int]) -> int:
    return sum(word << (WORD_BITS * at) for at, word in enumerate(words))
