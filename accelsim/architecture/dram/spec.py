"""One channel of a DRAM part: its shape and its timing, in cycles of the command clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

__all__ = ["DramSpec"]


@dataclass(frozen=True)
class DramSpec:
    """A channel (of HBM: a pseudo channel) of a part at one speed grade.

    ``n_x`` is the data sheet's ``tX``, rounded up to whole cycles. Parts without bank groups have
    one group, and their ``_s`` (another group) and ``_l`` (the same group) are equal.
    """

    name: str
    """Part and speed grade, such as ``DDR4-3200``."""
    clock_hz: int
    """Command clock."""
    channel_bits: int
    """Data pins of the channel."""
    burst_length: int
    """Transfers on each pin by one READ or WRITE."""
    banks: int
    bank_groups: int
    row_bytes: int
    """A row of the whole channel: what one ACT opens."""
    n_bl: int
    """Cycles that a burst holds the data bus."""
    n_ccd_s: int
    """Column command to column command of the same direction, another bank group."""
    n_ccd_l: int
    """The same in one bank group."""
    n_rcd: int
    """ACT to READ."""
    n_rcd_w: int
    """ACT to WRITE; some parts need less for it."""
    n_rp: int
    """PRE to ACT or REF."""
    n_ras: int
    """ACT to PRE."""
    n_rc: int
    """ACT to ACT of one bank."""
    n_rtp: int
    """READ to PRE."""
    n_wr: int
    """End of the written data to PRE."""
    n_wtr_s: int
    """End of the written data to READ, another bank group."""
    n_wtr_l: int
    """The same in one bank group."""
    n_rrd_s: int
    """ACT to ACT, another bank group."""
    n_rrd_l: int
    """The same in one bank group."""
    n_faw: int
    """Window in which there may be four ACTs."""
    n_refi: int
    """From one due refresh to the next."""
    n_rfc: int
    """REF to ACT or REF."""
    n_cl: int
    """READ to the first data."""
    n_cwl: int
    """WRITE to the first data."""
    n_dqss: int = 0
    """How much later than ``n_cwl`` written data may begin."""
    n_turn: int = 2
    """Cycles between the end of read data and the start of written data, as a controller sees."""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Figure -> where it is from."""

    @property
    def burst_bytes(self) -> int:
        """What one READ or WRITE moves."""
        return self.channel_bits * self.burst_length // 8

    @property
    def columns(self) -> int:
        """Bursts in a row."""
        return self.row_bytes // self.burst_bytes

    @property
    def banks_per_group(self) -> int:
        """Banks of one bank group."""
        return self.banks // self.bank_groups

    @property
    def n_rtw(self) -> int:
        """READ to WRITE: the read data, then the gap, then the written data."""
        return self.n_cl + self.n_bl + self.n_turn - self.n_cwl

    @property
    def write_latency(self) -> int:
        """WRITE to the first data, at the latest."""
        return self.n_cwl + self.n_dqss

    @property
    def write_end(self) -> int:
        """WRITE to the end of its data; ``n_wr`` and ``n_wtr`` count from there."""
        return self.write_latency + self.n_bl

    @property
    def peak_bytes_per_s(self) -> Fraction:
        """What the pins of one channel can move."""
        return Fraction(self.burst_bytes * self.clock_hz, self.n_bl)
