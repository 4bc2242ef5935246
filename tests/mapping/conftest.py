"""A small machine whose sizes a test chooses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accelsim.architecture import Architecture, Array, Link, Memory, OperationCost

OPERATIONS = ("multiply-add", "multiply", "add", "subtract", "max", "exp")


@pytest.fixture(scope="session")
def machine() -> Callable[..., Architecture]:
    """DRAM, a buffer, an array with registers if wanted, a link from the array to itself."""

    def build(
        *,
        rows: int = 2,
        columns: int = 2,
        buffer_bytes: int | None = None,
        registers: bool = True,
        register_bytes: int | None = None,
        operations: tuple[str, ...] = OPERATIONS,
    ) -> Architecture:
        memories = [
            Memory("DRAM", None, None, None, 8, 1.0, 1.0, None),
            Memory("buffer", "DRAM", buffer_bytes, None, 8, 1.0, 1.0, None),
        ]
        if registers:
            pes = rows * columns
            size = register_bytes
            memories.append(Memory("registers", "array", size, None, 8, 1.0, 1.0, None, pes))
        array = Array(
            "array",
            "buffer",
            rows,
            columns,
            {name: OperationCost(1, {name: 1}) for name in operations},
            {},
            {},
        )
        return Architecture(
            "toy",
            1e9,
            8,
            "auto",
            {memory.name: memory for memory in memories},
            {"array": array},
            {"link": Link("link", "array", "array", 10)},
        )

    return build
