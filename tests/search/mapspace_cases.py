"""A problem of mapping, for the search, the model and the brute force alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import accelsim
from accelsim.architecture import Architecture, Array, Memory, OperationCost
from accelsim.einsum.cascade import Cascade

# Tests are no package, so the helper beside this file is loaded by its path.
_spec = spec_from_file_location("mapspace_oracle", Path(__file__).with_name("mapspace_oracle.py"))
assert _spec
assert _spec.loader
oracle: Any = module_from_spec(_spec)
_spec.loader.exec_module(oracle)
mapspace: Any = oracle.mapspace


@dataclass(frozen=True)
class Kind:
    """An Einsum to draw sizes for; ``reads`` and ``writes`` of the registers at a point."""

    text: str
    ranks: str
    tensors: Mapping[str, str]
    """Inputs; windows run over H (of P and R) and W (of Q and U)."""
    operation: str
    reads: int
    reduces: bool = True


KINDS = [
    Kind("Z[m,n] = A[m,k] * B[k,n]", "MNK", {"A": "MK", "B": "KN"}, "multiply-add", 3),
    Kind("Z[m] = A[m,k] * B[k]", "MK", {"A": "MK", "B": "K"}, "multiply-add", 3),
    Kind("Z[b,m,n] = A[b,m,k] * B[b,k,n]", "BMNK", {"A": "BMK", "B": "BKN"}, "multiply-add", 3),
    Kind("Z[m,n] = A[m] * B[n]", "MN", {"A": "M", "B": "N"}, "multiply", 2, reduces=False),
    Kind("Z[m] = A[m,k]", "MK", {"A": "MK"}, "add", 2),
    Kind("Z[m] = max(k) A[m,k]", "MK", {"A": "MK"}, "max", 4),
    Kind("Z[p] = A[s*p+d*r] * B[r]", "PR", {"A": "H", "B": "R"}, "multiply-add", 3),
    Kind(
        "Z[k,p] = A[c,s*p+d*r] * B[k,c,r]",
        "KPCR",
        {"A": "CH", "B": "KCR"},
        "multiply-add",
        3,
    ),
    Kind(
        "Z[p,q] = A[s*p+d*r,d*q+s*u] * B[r,u]",
        "PQRU",
        {"A": "HW", "B": "RU"},
        "multiply-add",
        3,
    ),
]
OPERATIONS = {
    "multiply-add": OperationCost(1, {"mac": 1}),
    "multiply": OperationCost(1, {"mac": 1}),
    "add": OperationCost(1, {"mac": 1}),
    "max": OperationCost(2, {"compare": 2}),
}
ACTION_PJ = 0.37


@dataclass(frozen=True)
class Chip:
    """What is drawn of a memory."""

    read_pj: float
    write_pj: float
    size_bytes: int | None
    bandwidth: float | None
    access_bits: int = 8


@dataclass(frozen=True)
class Case:
    """A problem, for the search, the model and the brute force alike."""

    kind: Kind
    sizes: tuple[int, ...]
    stride: int
    dilation: int
    bits: Mapping[str, int]
    rows: int
    columns: int
    chips: tuple[Chip | None, ...]
    """Registers first, the outermost memory last."""
    ragged: frozenset[int]
    """Ranks whose last tile may be smaller."""

    @property
    def tensors(self) -> tuple[str, ...]:
        return ("Z", *self.kind.tensors)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the levels, registers first."""
        return ("RF", *(f"L{i}" for i in range(1, len(self.chips) - 1)), "DRAM")

    def cascade(self) -> Cascade:
        ranks: dict[str, int | str] = dict(zip(self.kind.ranks, self.sizes, strict=True))
        read = "".join(self.kind.tensors.values())
        if "H" in read:
            ranks["H"] = "s*(P-1) + d*(R-1) + 1"
        if "W" in read:
            ranks["W"] = "d*(Q-1) + s*(U-1) + 1"
        steps = {"s": self.stride, "d": self.dilation} if "H" in read else {}
        return accelsim.cascade_from_text(
            self.kind.text,
            ranks=ranks,
            tensors={name: list(dims) for name, dims in self.kind.tensors.items()},
            parameters=steps,
        )

    def machine(self) -> Architecture:
        memories = {}
        parents = ["PEs", *self.names[2:], None]
        for i, (name, parent, chip) in enumerate(zip(self.names, parents, self.chips, strict=True)):
            if chip is not None:
                memories[name] = Memory(
                    name,
                    parent,
                    chip.size_bytes,
                    chip.bandwidth,
                    chip.access_bits,
                    chip.read_pj,
                    chip.write_pj,
                    None,
                    1 if i else self.rows * self.columns,
                )
        array = Array(
            "PEs",
            self.names[1],
            self.rows,
            self.columns,
            OPERATIONS,
            dict.fromkeys(("mac", "compare"), ACTION_PJ),
            {},
        )
        outermost_first = dict(reversed(memories.items()))
        return Architecture("toy", 1e9, 8, "auto", outermost_first, {"PEs": array}, {})

    def space(self) -> Any:
        operation = OPERATIONS[self.kind.operation]
        levels = []
        for i, chip in enumerate(self.chips):
            if chip is None:
                levels.append(None)
                continue
            instances = 1 if i else self.rows * self.columns
            levels.append(
                mapspace.Store(
                    chip.read_pj / chip.access_bits,
                    chip.write_pj / chip.access_bits,
                    1e9 / (chip.bandwidth * 8 * instances) if chip.bandwidth else 0.0,
                    None if chip.size_bytes is None else chip.size_bytes * 8,
                )
            )
        return mapspace.Space(
            self.sizes,
            tuple(map(self._operand, self.tensors)),
            tuple(levels),
            self.rows,
            self.columns,
            self.ragged,
            self.kind.reads,
            2 if operation.cycles > 1 else 1,
            self.kind.reduces,
            ACTION_PJ * sum(operation.actions.values()),
            operation.cycles,
        )

    def _operand(self, name: str) -> Any:
        at = {rank: i for i, rank in enumerate(self.kind.ranks)}
        dims = self.kind.tensors.get(name) or (
            self.kind.text.split("]")[0].split("[")[1].replace(",", "").upper()
        )
        windows = []
        for dim, (ranks, steps) in {
            "H": ("PR", (self.stride, self.dilation)),
            "W": ("QU", (self.dilation, self.stride)),
        }.items():
            if dim in dims:
                positions = tuple(at[rank] for rank in ranks)
                reach = sum(s * (self.sizes[i] - 1) for s, i in zip(steps, positions, strict=True))
                windows.append(mapspace.Window(positions, steps, reach + 1))
        plain = frozenset(at[rank] for rank in dims if rank in at)
        return mapspace.Operand(plain, tuple(windows), self.bits[name])
