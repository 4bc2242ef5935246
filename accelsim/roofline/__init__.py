"""Rooflines: operations, bytes and bounds of every layer on a device."""

from accelsim.roofline.result import Roofline
from accelsim.roofline.roofline import STAGES, roofline
from accelsim.roofline.row import Row
from accelsim.roofline.sweep import rooflines

__all__ = ["STAGES", "Roofline", "Row", "roofline", "rooflines"]
