"""What a register is: its name, place, width, and who may change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.errors import name_problem, unknown_name

__all__ = ["ACCESSES", "Register", "register_problems"]

ACCESSES = {
    "rw": "written and read by the manager",
    "r": "read by the manager, given by the hardware",
    "w1": "each bit that is written as 1 is 1 for one cycle; reads as 0",
}


@dataclass(frozen=True)
class Register:
    """One register of a file.

    Example:
        >>> Register("tiles", 0x10, "rw", reset=1, bits=16).bits
        16
    """

    name: str
    """Of the member that carries its signals, too."""
    offset: int
    """Address in bytes: a multiple of the bytes of the bus."""
    access: str = "rw"
    """One of ``ACCESSES``."""
    reset: int = 0
    """Value after reset, of "rw"."""
    bits: int = 32
    """From the lowest; those above read as 0 and are not written."""

    @property
    def signature(self) -> Any:
        """The signals of the hardware's side, seen from the register file."""
        if self.access == "w1":
            return wiring.Signature({"pulse": Out(self.bits)})
        if self.access == "r":
            return wiring.Signature({"value": In(self.bits)})
        return wiring.Signature({"value": Out(self.bits, init=self.reset)})


def register_problems(
    registers: Sequence[Register], address_bits: int, data_bits: int
) -> list[str]:
    """What is wrong with the registers of a file; nothing where they can be built."""
    if not registers:
        return ["AXI4-Lite: there are 0 registers, must be 1 or more"]
    found = [each for register in registers for each in _own(register, address_bits, data_bits)]
    for field in ("name", "offset"):
        counts = Counter(getattr(register, field) for register in registers)
        found += [
            f"AXI4-Lite: {count} registers have the {field} {value!r}, must be one"
            for value, count in counts.items()
            if count > 1
        ]
    return found


def _own(register: Register, address_bits: int, data_bits: int) -> list[str]:
    problem = name_problem("register", register.name)
    if problem is None and register.name.startswith("_"):
        problem = f"register '{register.name}' begins with '_', must begin with a letter"
    if problem is None and register.name in _TAKEN:
        problem = f"register '{register.name}' has the name of a part of the file; choose another"
    found = [] if problem is None else [problem]
    where = f"register '{register.name}'"
    if register.access not in ACCESSES:
        found.append(unknown_name("access", register.access, ACCESSES, where=where))
    step, end = data_bits // 8, 1 << address_bits
    if not _whole(register.offset, 0, end - 1) or register.offset % step:
        rule = f"must be a multiple of {step} below {end:#x} (address_bits is {address_bits})"
        found.append(f"{where}: offset is {register.offset!r}, {rule}")
    if not _whole(register.bits, 1, data_bits):
        rule = f"must be a whole number from 1 to {data_bits}"
        return [*found, f"{where}: bits is {register.bits!r}, {rule}"]
    most = (1 << register.bits) - 1
    if register.access != "rw" and register.reset != 0:
        rule = f'must be 0: "{register.access}" has no value of its own'
        found.append(f"{where}: reset is {register.reset!r}, {rule}")
    elif not _whole(register.reset, 0, most):
        found.append(f"{where}: reset is {register.reset!r}, must be from 0 to {most:,}")
    return found


_TAKEN = {
    "address_bits", "clk", "data_bits", "elaborate", "metadata", "registers", "rst", "s_axi",
    "signature",
}  # fmt: skip
"""Attributes of the component, and its other ports."""


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
