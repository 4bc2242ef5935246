"""Runs of a compiled component: items in, items out, and the cycle in which each passed."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.gateware.compiled.build import library_of

if TYPE_CHECKING:
    import numpy as np
    from amaranth.lib.wiring import Component
    from numpy.typing import NDArray

__all__ = ["WORD_BITS", "Compiled", "Run", "compile_component", "stream_ports"]

WORD_BITS = 32
_PAYLOADS = (
    ("_", ("payload",)),
    ("_t", ("data", "last")),
    ("", ("addr", "prot", "data", "strb", "resp")),
)
"""Between the name of a stream and those of its ports; the ports that pass with valid."""


class _Stream(ctypes.Structure):
    _fields_ = (
        ("valid", ctypes.c_char_p),
        ("ready", ctypes.c_char_p),
        ("payload", ctypes.c_char_p),
        ("input", ctypes.c_int32),
        ("words", ctypes.c_int32),
        ("count", ctypes.c_int64),
        ("data", ctypes.c_void_p),
        ("stalls", ctypes.c_void_p),
        ("stalls_length", ctypes.c_int64),
        ("stamps", ctypes.c_void_p),
        ("passed", ctypes.c_int64),
        ("broken", ctypes.c_int64),
    )


@dataclass(frozen=True)
class Run:
    """What a run gave."""

    cycles: int
    """That were run."""
    outputs: Mapping[str, NDArray[np.uint32]]
    """Stream -> items as rows of words, the low word first."""
    stamps: Mapping[str, NDArray[np.int64]] = field(repr=False)
    """Stream, inputs too -> the cycle in which each item passed."""
    passed: Mapping[str, int]
    """Stream -> items that passed; of outputs more than were asked for, where there were more."""
    broken: Mapping[str, int]
    """Output -> cycles in which it changed or withdrew what it had offered."""


class Compiled:
    """A component as machine code.

    Every run goes on from the state in which the last one ended; a new object begins with reset.
    """

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))
        self._library.accelsim_make.restype = ctypes.c_void_p
        self._library.accelsim_free.argtypes = [ctypes.c_void_p]
        self._library.accelsim_width.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self._library.accelsim_set.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        self._library.accelsim_run.restype = ctypes.c_int64
        self._library.accelsim_run.argtypes = [
            ctypes.c_void_p,
            ctypes.POINTER(_Stream),
            ctypes.c_int32,
            ctypes.c_int64,
            ctypes.c_int64,
            ctypes.c_char_p,
        ]
        self._handle = self._library.accelsim_make()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._library.accelsim_free(self._handle)
            self._handle = None

    def has(self, port: str) -> bool:
        """Whether there is a port of that name."""
        return bool(self._library.accelsim_width(self._handle, port.encode()) >= 0)

    def width(self, port: str) -> int:
        """Bits of a port.

        Raises:
            KeyError: where there is none of that name.
        """
        found = int(self._library.accelsim_width(self._handle, port.encode()))
        if found < 0:
            raise KeyError(port)
        return found

    def set(self, port: str, value: int) -> None:
        """Set an input that belongs to no stream."""
        import numpy as np

        words = -(-self.width(port) // WORD_BITS)
        raw = value.to_bytes(words * 4, "little")
        data = np.frombuffer(raw, np.uint32)
        self._library.accelsim_set(self._handle, port.encode(), data.ctypes.data)

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
        """Drive streams until all items have passed.

        A stream is called by what stands in front of its ports' names: ``i`` has ``i_valid``,
        ``i_ready`` and ``i_payload``, an AXI4-Stream has ``tdata`` and ``tlast``, a channel of
        AXI4-Lite such as ``s_axi_aw`` has ``addr`` and ``prot``. An item is the words of all
        these, each port's padded to whole ones.

        Args:
            inputs: stream -> items as rows of 32-bit words, the low word first.
            outputs: stream -> items to take.
            stalls: stream -> 1 in the cycles in which nothing is offered or taken, begun anew at
                its end; an item that is offered stays, as the rule of streams has it.
            most_cycles: after which the run ends in any case.
            extra_cycles: to run after the last item, to see whether more comes.
            vcd: file for the waves.
        """
        import numpy as np

        kept: list[NDArray[np.generic]] = []
        stamps: dict[str, NDArray[np.int64]] = {}
        taken: dict[str, NDArray[np.uint32]] = {}
        streams = []
        for name in (*inputs, *outputs):
            valid, ready, payload = stream_ports(name, self.has)
            words = sum(-(-self.width(port) // WORD_BITS) for port in payload)
            if name in inputs:
                data = np.ascontiguousarray(inputs[name], np.uint32).reshape(-1, words)
            else:
                data = np.zeros((outputs[name], words), np.uint32)
                taken[name] = data
            stamps[name] = np.full(len(data), -1, np.int64)
            stall = np.ascontiguousarray((stalls or {}).get(name, ()), np.uint8)
            kept += [data, stall]
            streams.append(
                _Stream(
                    valid.encode(),
                    ready.encode(),
                    " ".join(payload).encode(),
                    name in inputs,
                    words,
                    len(data),
                    data.ctypes.data,
                    stall.ctypes.data,
                    len(stall),
                    stamps[name].ctypes.data,
                    0,
                    0,
                )
            )
        array = (_Stream * len(streams))(*streams)
        cycles = self._library.accelsim_run(
            self._handle,
            array,
            len(streams),
            most_cycles,
            extra_cycles,
            str(vcd).encode() if vcd else None,
        )
        names = [*inputs, *outputs]
        return Run(
            int(cycles),
            taken,
            stamps,
            {name: int(each.passed) for name, each in zip(names, array, strict=True)},
            {name: int(each.broken) for name, each in zip(names, array, strict=True)},
        )


def stream_ports(stream: str, has: Callable[[str], bool]) -> tuple[str, str, list[str]]:
    """Names of a stream's ports: valid, ready, and all that passes with them.

    Args:
        stream: its name.
        has: whether there is a port of a name.

    Raises:
        KeyError: where there is no such stream.
    """
    for separator, payloads in _PAYLOADS:
        before = stream + separator
        found = [before + payload for payload in payloads if has(before + payload)]
        if found:
            return f"{before}valid", f"{before}ready", found
    raise KeyError(stream)


def compile_component(component: Component, *, cache: Path | None = None) -> Compiled:
    """A component, ready to run; compiled once, then taken from the cache.

    Raises:
        UnsupportedError: where a tool is missing.
    """
    return Compiled(library_of(component, cache=cache))
