"""Small parts for ready/valid streams, each with a stated latency and an item in every cycle."""

from accelsim.gateware.streams.fifo import Fifo
from accelsim.gateware.streams.skid import SkidBuffer
from accelsim.gateware.streams.width import Convert, Narrow, Widen

__all__ = ["Convert", "Fifo", "Narrow", "SkidBuffer", "Widen"]
