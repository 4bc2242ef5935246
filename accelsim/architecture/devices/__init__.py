"""Devices: what the data sheets of real chips say of memory and peak rates, with sources."""

from accelsim.architecture.devices.device import COMPUTE_FORMATS, Device
from accelsim.architecture.devices.load import DEVICES, load_device

__all__ = ["COMPUTE_FORMATS", "DEVICES", "Device", "load_device"]
