"""Where data lies: addresses to banks and rows, and the rows that a transfer visits.

From the lowest address bits up: byte of a burst, channel, bank group, column, bank of the group,
row. Neighbouring bursts alternate between channels and then between bank groups, so that none
waits for tCCD_L; a row is read to its end before the next bank of each group takes over, so that
rows are opened while others are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from accelsim.architecture.dram import DramSpec
from accelsim.errors import InputError

__all__ = ["Column", "Place", "Transfer", "columns_of", "place_of"]


@dataclass(frozen=True)
class Place:
    """Where a burst lies."""

    channel: int
    bank: int
    """Bank of the channel; those of a group follow each other."""
    row: int
    column: int
    """Burst of the row."""


def place_of(spec: DramSpec, address: int, *, channels: int = 1) -> Place:
    """Where the burst that holds a byte lies.

    Example:
        >>> from accelsim.architecture.dram import load_dram
        >>> place_of(load_dram("ddr4"), 64)
        Place(channel=0, bank=4, row=0, column=0)
    """
    burst, channel = divmod(address // spec.burst_bytes, channels)
    burst, group = divmod(burst, spec.bank_groups)
    burst, column = divmod(burst, spec.columns)
    row, bank = divmod(burst, spec.banks_per_group)
    return Place(channel, group * spec.banks_per_group + bank, row, column)


@dataclass(frozen=True)
class Transfer:
    """Data that one channel moves: runs of neighbouring bytes, each in rows of its own."""

    run_bytes: int
    """Neighbouring bytes of a run, in this channel; a run starts with a burst."""
    runs: int
    write: bool

    def __post_init__(self) -> None:
        for field in ("run_bytes", "runs"):
            if getattr(self, field) < 1:
                raise InputError(f"transfer: {field} is {getattr(self, field)}, must be at least 1")

    def bursts_per_run(self, spec: DramSpec) -> int:
        """Bursts of a run; the last one may be used in part."""
        return ceil(self.run_bytes / spec.burst_bytes)


@dataclass(frozen=True)
class Column:
    """One burst of a transfer."""

    visit: int
    """Number of the row that it is in, counted in the order of first use."""
    bank: int
    row: int
    write: bool


def columns_of(spec: DramSpec, transfers: Sequence[Transfer]) -> list[Column]:
    """Every burst of transfers, in order, as one channel sees them.

    A run begins in the bank group behind that of the last burst, in rows not yet used: scattered
    runs are spread over the banks as evenly as can be. A transfer of one run is a sequential
    stream.
    """
    found: list[Column] = []
    used = [0] * spec.bank_groups  # Rows that were opened in each group.
    visits = group = 0
    for transfer in transfers:
        for _ in range(transfer.runs):
            current: dict[int, tuple[int, int, int]] = {}
            in_group = [0] * spec.bank_groups
            for _ in range(transfer.bursts_per_run(spec)):
                if in_group[group] % spec.columns == 0:
                    row, bank = divmod(used[group], spec.banks_per_group)
                    current[group] = (visits, group * spec.banks_per_group + bank, row)
                    used[group] += 1
                    visits += 1
                in_group[group] += 1
                found.append(Column(*current[group], transfer.write))
                group = (group + 1) % spec.bank_groups
    return found
