"""The language of extended Einsums: text, shapes and domains, and its meaning in NumPy."""

from accelsim.einsum.cascade import Cascade, Einsum, Tensor, TensorAccess
from accelsim.einsum.parser import parse_statement
from accelsim.einsum.resolve import resolve_cascade

__all__ = [
    "Cascade",
    "Einsum",
    "Tensor",
    "TensorAccess",
    "parse_statement",
    "resolve_cascade",
]
