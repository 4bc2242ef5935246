"""How numbers are stored: number types and their bits."""

from accelsim.formats.number import FORMATS, NumberFormat, number_format

__all__ = ["FORMATS", "NumberFormat", "number_format"]
