"""How numbers are stored: number types, scales, sparsity, and their bits."""

from accelsim.formats.number import NUMBERS, NumberFormat, number_format
from accelsim.formats.storage import FORMATS, Bits, StorageFormat, machine_number, storage_format

__all__ = [
    "FORMATS",
    "NUMBERS",
    "Bits",
    "NumberFormat",
    "StorageFormat",
    "machine_number",
    "number_format",
    "storage_format",
]
