"""What works in time: arrays, memories and links, each kind in a file of its own."""

# Each kind registers itself.
from accelsim.simulator.components import array, banked, link, memory, systolic

__all__ = ["array", "banked", "link", "memory", "systolic"]
