"""DRAM: the banks of a channel command by command, and how long transfers take."""

from accelsim.simulator.dram.banks import Banks, Command, CommandError
from accelsim.simulator.dram.layout import Transfer
from accelsim.simulator.dram.stream import Played, play
from accelsim.simulator.dram.transfer import transfer_cycles, transfer_seconds

__all__ = [
    "Banks",
    "Command",
    "CommandError",
    "Played",
    "Transfer",
    "play",
    "transfer_cycles",
    "transfer_seconds",
]
