"""Trials of the hardware: tiles, layers, and the float units that arrays may be built of."""
